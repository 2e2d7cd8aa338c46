"""Validation of metadata: names, labels, annotations, finalizers, owner references.

On an update only what changed is looked at: an object that was stored keeps the metadata it has. Values of the wrong
JSON type are refused as undecodable (400), as a server does that decodes into Go structs.

Sources: apimachinery `pkg/api/validation/objectmeta.go`, `pkg/util/validation/validation.go`; kubernetes
`pkg/apis/core/validation` (names by kind, finalizer names of built-ins).
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.field_errors import Cause
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

ANNOTATIONS_LIMIT_BYTES: Final = 256 * 1024

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")

LABEL_WHY: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
LABEL_1035_WHY: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_WHY: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_QUALIFIED_WHY: Final = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_WHY: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_STANDARD_FINALIZERS: Final = ("kubernetes", "orphan", "foregroundDeletion")

NameRule = Callable[[str], list[str]]
"""What is wrong with a name; empty if nothing is."""


def _pattern_rule(expression: re.Pattern[str], why: str, limit: int) -> NameRule:
    def check(name: str) -> list[str]:
        faults = [] if expression.fullmatch(name) else [why]
        return [f"must be no more than {limit} bytes", *faults] if len(name) > limit else faults

    return check


dns_label = _pattern_rule(_LABEL, LABEL_WHY, 63)
dns_1035_label = _pattern_rule(_LABEL_1035, LABEL_1035_WHY, 63)
dns_subdomain = _pattern_rule(_SUBDOMAIN, SUBDOMAIN_WHY, 253)


def _path_segment(name: str) -> list[str]:
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in name]


def _cron_job_name(name: str) -> list[str]:
    """The suffix of the Jobs it makes takes 11 characters of a label."""
    return ["must be no more than 52 characters"] if len(name) > 52 else dns_subdomain(name)


_NAME_RULES: Final[dict[tuple[str, str], NameRule]] = {
    ("", "Namespace"): dns_label,
    ("", "Service"): dns_1035_label,
    ("batch", "CronJob"): _cron_job_name,
    ("networking.k8s.io", "IPAddress"): _path_segment,
    ("rbac.authorization.k8s.io", "ClusterRole"): _path_segment,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _path_segment,
    ("rbac.authorization.k8s.io", "Role"): _path_segment,
    ("rbac.authorization.k8s.io", "RoleBinding"): _path_segment,
}
"""Kinds whose names are not DNS subdomains."""


def validate_metadata(info: KindInfo, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
    """What is wrong with the metadata. Raises BadRequest for values of the wrong JSON type."""
    metadata = obj["metadata"]
    before = old["metadata"] if old is not None else {}
    causes: list[Cause] = []
    if old is None:
        _check_name(info, metadata, causes)
    for name, check in _CHECKS.items():
        value = metadata.get(name)
        if value and value != before.get(name):
            check(info, value, causes)
    return causes


def _check_name(info: KindInfo, metadata: JsonObject, causes: list[Cause]) -> None:
    name, base = metadata.get("name"), metadata.get("generateName")
    rule = _NAME_RULES.get((info.group, info.kind), dns_subdomain)
    if base:
        # apimachinery's maskTrailingDash: the suffix is still to come
        masked = base[:-2] + "a" if len(base) > 1 and base.endswith("-") else base
        causes.extend(field_errors.invalid_value("metadata.generateName", base, why) for why in rule(masked))
    if not name:
        if not base:
            causes.append(field_errors.required("metadata.name", "name or generateName is required"))
        return
    if not isinstance(name, str):
        raise _undecodable(info, name, "name", "string")
    causes.extend(field_errors.invalid_value("metadata.name", name, why) for why in rule(name))


@lru_cache(maxsize=4096)
def qualified_name_faults(name: str) -> tuple[str, ...]:
    """What keeps a string from being a qualified name: `[prefix/]name` (validation.IsQualifiedName)."""
    prefix, slash, tail = name.rpartition("/")
    if "/" in prefix:
        return (f"a qualified name {_QUALIFIED_WHY[10:]} with an optional DNS subdomain prefix and '/' (e.g. "
                "'example.com/MyName')",)  # fmt: skip
    faults: list[str] = []
    if slash and not prefix:
        faults.append("prefix part must be non-empty")
    elif slash:
        faults.extend(f"prefix part {why}" for why in dns_subdomain(prefix))
    if not tail:
        faults.append("name part must be non-empty")
    elif len(tail) > 63:
        faults.append("name part must be no more than 63 bytes")
    if not _QUALIFIED.fullmatch(tail):
        faults.append(_QUALIFIED_WHY)
    return tuple(faults)


@lru_cache(maxsize=4096)
def label_value_faults(value: str) -> tuple[str, ...]:
    """What keeps a string from being a label's value (validation.IsValidLabelValue)."""
    faults = () if not value or _QUALIFIED.fullmatch(value) else (_VALUE_WHY,)
    return ("must be no more than 63 bytes", *faults) if len(value) > 63 else faults


def check_labels(labels: dict[str, str], field: str, causes: list[Cause]) -> None:
    """Append what is wrong with a label map of strings."""
    for key, value in labels.items():
        causes.extend(field_errors.invalid_value(field, key, why) for why in qualified_name_faults(key))
        causes.extend(field_errors.invalid_value(field, value, why) for why in label_value_faults(value or ""))


def _check_labels(info: KindInfo, labels: Any, causes: list[Cause]) -> None:
    _require_strings(info, labels, "labels")
    check_labels(labels, "metadata.labels", causes)


def _check_annotations(info: KindInfo, annotations: Any, causes: list[Cause]) -> None:
    _require_strings(info, annotations, "annotations")
    field = "metadata.annotations"
    for key in annotations:
        causes.extend(field_errors.invalid_value(field, key, why) for why in qualified_name_faults(key.lower()))
    total = sum(len(key.encode()) + len((value or "").encode()) for key, value in annotations.items())
    if total > ANNOTATIONS_LIMIT_BYTES:
        causes.append(field_errors.too_long(field, ANNOTATIONS_LIMIT_BYTES))


def _check_finalizers(info: KindInfo, finalizers: Any, causes: list[Cause]) -> None:
    if not isinstance(finalizers, list) or not all(isinstance(name, str) for name in finalizers):
        raise _undecodable(info, finalizers, "finalizers", "[]string")
    for index, name in enumerate(finalizers):
        faults = qualified_name_faults(name)
        causes.extend(field_errors.invalid_value("metadata.finalizers", name, why) for why in faults)
        if info.crd is None and not faults and "/" not in name and name not in _STANDARD_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(field_errors.invalid_value(f"metadata.finalizers[{index}]", name, why))
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        why = "finalizer orphan and foregroundDeletion cannot be both set"
        causes.append(field_errors.invalid_value("metadata.finalizers", finalizers, why))


def _check_owners(info: KindInfo, owners: Any, causes: list[Cause]) -> None:
    if not isinstance(owners, list) or not all(isinstance(owner, dict) for owner in owners):
        raise _undecodable(info, owners, "ownerReferences", "[]v1.OwnerReference")
    controllers: list[JsonObject] = []
    for index, owner in enumerate(owners):
        field = f"metadata.ownerReferences[{index}]"
        if not str(owner.get("apiVersion") or "").rpartition("/")[2]:
            why = "version must not be empty"
            causes.append(field_errors.invalid_value(f"{field}.apiVersion", owner.get("apiVersion") or "", why))
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                causes.append(field_errors.invalid_value(f"{field}.{name}", "", "must not be empty"))
        if owner.get("kind") == "Event" and owner.get("apiVersion") == "v1":
            why = "/v1, Kind=Event is disallowed from being an owner"
            causes.append(field_errors.invalid_value(field, owner, why))
        if owner.get("controller"):
            controllers.append(owner)
    if len(controllers) > 1:
        first, second = (f"{owner.get('kind')}/{owner.get('name')}" for owner in controllers[:2])
        why = f'Only one reference can have Controller set to true. Found "true" in references for {first} and {second}'
        causes.append(field_errors.invalid_value("metadata.ownerReferences", owners, why))


_CHECKS: Final[dict[str, Callable[[KindInfo, Any, list[Cause]], None]]] = {
    "labels": _check_labels,
    "annotations": _check_annotations,
    "finalizers": _check_finalizers,
    "ownerReferences": _check_owners,
}


def _require_strings(info: KindInfo, value: Any, field: str) -> None:
    if not isinstance(value, dict):
        raise _undecodable(info, value, field, "map[string]string")
    for item in value.values():
        if item is not None and not isinstance(item, str):
            raise _undecodable(info, item, field, "string")


def _undecodable(info: KindInfo, value: Any, field: str, wanted: str) -> BadRequest:
    return undecodable(info, value, f"ObjectMeta.metadata.{field}", wanted)


_GO_TYPES: Final = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def undecodable(info: KindInfo, value: Any, field: str, wanted: str) -> BadRequest:
    """The 400 for a value of a JSON type that the Go field cannot hold."""
    return BadRequest(
        f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: json: cannot unmarshal '
        f"{_GO_TYPES.get(type(value), 'null')} into Go struct field {field} of type {wanted}"
    )
