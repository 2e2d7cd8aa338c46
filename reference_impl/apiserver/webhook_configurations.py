"""MutatingWebhookConfiguration and ValidatingWebhookConfiguration: their defaults, and what they are refused for.

Conditions (`matchConditions`) are compiled here too; one that this server's CEL lacks a function for makes the
configuration invalid, and is never skipped.

Sources: kubernetes `pkg/apis/admissionregistration/v1/defaults.go`, `.../validation/validation.go`; apiserver
`pkg/util/webhook/validation.go`; apimachinery `validation.IsFullyQualifiedName`.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.field_errors import Cause, child
from reference_impl.apiserver.metadata_validation import dns_subdomain, qualified_name_faults
from reference_impl.apiserver.selectors import match_expressions
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject

GROUP: Final = "admissionregistration.k8s.io"
MUTATING: Final = f"mutatingwebhookconfigurations.{GROUP}"
VALIDATING: Final = f"validatingwebhookconfigurations.{GROUP}"
REVIEW_VERSIONS: Final = ("v1", "v1beta1")
CONDITION_VARIABLES: Final = frozenset({"object", "oldObject", "request"})

_DEFAULTS: Final[JsonObject] = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
}
_OPERATIONS: Final = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]
_CONDITIONS_MAX: Final = 64
_FORM: Final = "; desired format: https://host[/path]"


def default(obj: JsonObject, *, mutating: bool) -> JsonObject:
    """The configuration with its defaults; a copy."""
    hooks = obj.get("webhooks")
    if not isinstance(hooks, list):
        return obj
    defaults = {**_DEFAULTS, "reinvocationPolicy": "Never"} if mutating else _DEFAULTS
    return {**obj, "webhooks": [_default_hook(hook, defaults) for hook in hooks]}


def _default_hook(hook: Any, defaults: JsonObject) -> Any:
    if not isinstance(hook, dict):
        return hook
    hook = {**copy_json(defaults), **{key: value for key, value in hook.items() if value is not None}}
    service = (hook.get("clientConfig") or {}).get("service")
    if isinstance(service, dict) and service.get("port") is None:
        hook["clientConfig"] = {**hook["clientConfig"], "service": {**service, "port": 443}}
    if isinstance(hook.get("rules"), list):
        hook["rules"] = [
            {**rule, "scope": "*"} if isinstance(rule, dict) and rule.get("scope") is None else rule
            for rule in hook["rules"]
        ]
    return hook


def validate(_: KindInfo, obj: JsonObject, __: JsonObject | None, causes: list[Cause]) -> None:
    names: set[str] = set()
    for index, hook in enumerate(obj.get("webhooks") or ()):
        where = f"webhooks[{index}]"
        _check_hook(hook, where, causes)
        name = hook.get("name")
        if name and name in names:
            causes.append(field_errors.duplicate(child(where, "name"), name))
        names.add(name)


def _check_hook(hook: JsonObject, where: str, causes: list[Cause]) -> None:
    _check_name(hook.get("name") or "", child(where, "name"), causes)
    for index, rule in enumerate(hook.get("rules") or ()):
        _check_rule(rule, child(child(where, "rules"), index), causes)
    choices = {
        "failurePolicy": ["Fail", "Ignore"],
        "matchPolicy": ["Equivalent", "Exact"],
        "sideEffects": ["None", "NoneOnDryRun"],
        "reinvocationPolicy": ["IfNeeded", "Never"],
    }
    for field, allowed in choices.items():
        value = hook.get(field)
        if value is not None and value not in allowed:
            causes.append(field_errors.not_supported(child(where, field), value, allowed))
    if hook.get("sideEffects") is None:
        causes.append(field_errors.required(child(where, "sideEffects"), "must specify one of None, NoneOnDryRun"))
    timeout = hook.get("timeoutSeconds", 10)
    if not 1 <= timeout <= 30:
        why = "the timeout value must be between 1 and 30 seconds"
        causes.append(field_errors.invalid_value(child(where, "timeoutSeconds"), timeout, why))
    for field in ("namespaceSelector", "objectSelector"):
        try:
            match_expressions(hook.get(field))
        except BadRequest as error:
            causes.append(field_errors.invalid_value(child(where, field), hook.get(field), error.message))
    _check_client(hook.get("clientConfig") or {}, child(where, "clientConfig"), causes)
    _check_conditions(hook.get("matchConditions") or [], child(where, "matchConditions"), causes)
    _check_versions(hook.get("admissionReviewVersions") or [], child(where, "admissionReviewVersions"), causes)


def _check_name(name: str, where: str, causes: list[Cause]) -> None:
    if not name:
        causes.append(field_errors.required(where))
        return
    faults = dns_subdomain(name)
    causes.extend(field_errors.invalid_value(where, name, why) for why in faults)
    if not faults and name.count(".") < 2:
        why = "should be a domain with at least three segments separated by dots"
        causes.append(field_errors.invalid_value(where, name, why))


def _check_rule(rule: JsonObject, where: str, causes: list[Cause]) -> None:
    operations = rule.get("operations") or []
    shown = {"operations": "operations", "apiGroups": "API groups", "apiVersions": "API versions"}
    for field, what in shown.items():
        values = rule.get(field) or []
        if not values:
            causes.append(field_errors.required(child(where, field)))
        if len(values) > 1 and "*" in values:
            why = f"if '*' is present, must not specify other {what}"
            causes.append(field_errors.invalid_value(child(where, field), values, why))
    for index, operation in enumerate(operations):
        if operation not in _OPERATIONS:
            causes.append(field_errors.not_supported(child(child(where, "operations"), index), operation, _OPERATIONS))
    for field in ("apiVersions", "resources"):
        for index, value in enumerate(rule.get(field) or ()):
            if not value:
                causes.append(field_errors.required(child(child(where, field), index)))
    _check_resources(rule.get("resources") or [], child(where, "resources"), causes)
    scope = rule.get("scope", "*")
    if scope not in ("*", "Cluster", "Namespaced"):
        causes.append(field_errors.not_supported(child(where, "scope"), scope, ["*", "Cluster", "Namespaced"]))


def _check_resources(resources: list[str], where: str, causes: list[Cause]) -> None:
    if not resources:
        causes.append(field_errors.required(where))
    seen: list[tuple[str, str]] = []
    for index, entry in enumerate(resources):
        name, slash, sub = entry.partition("/")
        if not slash:
            continue
        for wide, clash in ((f"{name}/*", (name, "*")), (f"*/{sub}", ("*", sub))):
            if clash in seen:
                why = f"if '{wide}' is present, must not specify {entry}"
                causes.append(field_errors.invalid_value(child(where, index), entry, why))
        seen.append((name, sub))
    if len(resources) > 1 and "*/*" in resources:
        why = "if '*/*' is present, must not specify other resources"
        causes.append(field_errors.invalid_value(where, resources, why))
    if "*" in resources and any("/" not in each and each != "*" for each in resources):
        why = "if '*' is present, must not specify other resources without subresources"
        causes.append(field_errors.invalid_value(where, resources, why))


def _check_client(client: JsonObject, where: str, causes: list[Cause]) -> None:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        causes.append(field_errors.required(where, "exactly one of url or service is required"))
    elif url is not None:
        _check_url(url, child(where, "url"), causes)
    elif service is not None:
        for field in ("name", "namespace"):
            if not service.get(field):
                causes.append(field_errors.required(f"{where}.service.{field}", f"service {field} is required"))


def _check_url(url: str, where: str, causes: list[Cause]) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        causes.append(field_errors.required(where, f"url must be a valid URL: {error}{_FORM}"))
        return
    if parts.scheme != "https":
        why = f"'https' is the only allowed URL scheme{_FORM}"
        causes.append(field_errors.invalid_value(where, parts.scheme, why))
    if not parts.hostname:
        causes.append(field_errors.invalid_value(where, parts.netloc, f"host must be specified{_FORM}"))
    unwanted = {
        parts.username: "user information is not permitted in the URL",
        parts.fragment: "fragments are not permitted in the URL",
        parts.query: "query parameters are not permitted in the URL",
    }
    causes.extend(field_errors.invalid_value(where, value, why) for value, why in unwanted.items() if value)


def _check_conditions(conditions: list[JsonObject], where: str, causes: list[Cause]) -> None:
    if len(conditions) > _CONDITIONS_MAX:
        causes.append(field_errors.too_many(where, len(conditions), _CONDITIONS_MAX))
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        place = child(where, index)
        name = condition.get("name") or ""
        if not name:
            causes.append(field_errors.required(child(place, "name")))
        else:
            faults = qualified_name_faults(name)
            causes.extend(field_errors.invalid_value(child(place, "name"), name, why) for why in faults)
        if name and name in seen:
            causes.append(field_errors.duplicate(child(place, "name"), name))
        seen.add(name)
        expression = str(condition.get("expression") or "").strip()
        if not expression:
            causes.append(field_errors.required(child(place, "expression")))
        else:
            # Few have conditions, and a CEL parser takes a fifth of a second to load.
            from reference_impl.apiserver.cel_rules import compile_expression

            compile_expression(expression, CONDITION_VARIABLES, child(place, "expression"), causes)


def _check_versions(versions: list[str], where: str, causes: list[Cause]) -> None:
    accepted = ", ".join(REVIEW_VERSIONS)
    if not versions:
        causes.append(field_errors.required(where, f"must specify one of {accepted}"))
    elif not any(version in REVIEW_VERSIONS for version in versions):
        causes.append(field_errors.invalid_value(where, versions, f"must include at least one of {accepted}"))
    for index, version in enumerate(versions):
        if version in versions[:index]:
            causes.append(field_errors.invalid_value(child(where, index), version, "duplicate version"))
