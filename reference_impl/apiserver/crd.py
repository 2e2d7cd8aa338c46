"""CustomResourceDefinitions: are they valid, what do they define, and what does their status say.

A definition's schema and rules are compiled here, once, and travel with the `KindInfo`s in `extra["compiled"]`.
Versions are converted by renaming them (strategy None); a conversion webhook is a limit of this server, refused by
name. Real servers report schema faults of an accepted CRD in a NonStructuralSchema condition for v1beta1 leftovers
only: in v1 they are refused, as here.

Sources: apiextensions `pkg/apis/apiextensions/validation/validation.go`, `pkg/controller/{status,establish}`;
"Extend the Kubernetes API with CustomResourceDefinitions".
"""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.schema import MISSING, Node, compile_schema
from reference_impl.apiserver.structural import check_schema
from reference_impl.errors import NotImplementedByServer
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

if TYPE_CHECKING:
    from reference_impl.apiserver.cel_rules import RuleNode

CRD: Final = KindInfo(
    group="apiextensions.k8s.io",
    version="v1",
    kind="CustomResourceDefinition",
    plural="customresourcedefinitions",
    namespaced=False,
)
_LABEL: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_WHY: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_IMMUTABLE: Final = (("group",), ("scope",), ("names", "kind"), ("names", "plural"))


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """The schema of one version, ready for use."""

    node: Node
    rules: "RuleNode | None"

    def validate(self, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
        """What is wrong with a shaped object; the rules are asked only if the schema is satisfied."""
        before: Any = MISSING if old is None else old
        causes: list[Cause] = []
        self.node.validate(obj, None, causes, before)
        if self.rules is None:
            return causes
        if causes:
            why = ("some validation rules were not checked because the object was invalid; correct the existing errors "
                   "to complete validation")  # fmt: skip
            causes.append(field_errors.invalid_value("<nil>", "", why))
        else:
            self.rules.evaluate(obj, before, None, causes)
        return causes


def kinds_of(crd: JsonObject) -> list[KindInfo]:
    """One KindInfo for each served version, the storage version first.

    Raises Invalid naming each fault's path, and NotImplementedByServer for a conversion webhook.
    """
    causes = validate_crd(crd)
    compiled: dict[str, CompiledSchema] = {}
    if not causes:
        compiled = _compile(crd, causes)
    if causes:
        raise field_errors.invalid(CRD, str(crd.get("metadata", {}).get("name", "")), causes)
    versions = sorted(crd["spec"]["versions"], key=lambda version: not version.get("storage"))
    return [_kind_of(crd, version, compiled[version["name"]]) for version in versions if version.get("served")]


def _kind_of(crd: JsonObject, version: JsonObject, compiled: CompiledSchema) -> KindInfo:
    spec = crd["spec"]
    names = spec["names"]
    subresources = version.get("subresources") or {}
    return KindInfo(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        namespaced=spec["scope"] == "Namespaced",
        subresources=frozenset(subresources),
        schema=version["schema"]["openAPIV3Schema"],
        crd=crd["metadata"]["name"],
        short_names=tuple(names.get("shortNames") or ()),
        extra={
            "compiled": compiled,
            "scale": subresources.get("scale"),
            "selectableFields": tuple(f["jsonPath"].lstrip(".") for f in version.get("selectableFields") or ()),
            "additionalPrinterColumns": version.get("additionalPrinterColumns") or [],
            "singular": names.get("singular") or names["kind"].lower(),
            "listKind": names.get("listKind") or names["kind"] + "List",
            "categories": tuple(names.get("categories") or ()),
            "storage": bool(version.get("storage")),
        },
    )


def compiled_schema(info: KindInfo) -> CompiledSchema | None:
    """The compiled schema of a custom resource; compiled on first use for a KindInfo that was not made by kinds_of."""
    found = info.extra.get("compiled")
    if found is None and info.schema is not None:
        node = compile_schema(info.schema)
        found = info.extra["compiled"] = CompiledSchema(node, _rules_of(node, "", []))
    return found if isinstance(found, CompiledSchema) else None


def crd_status(crd: JsonObject, *, now: str) -> JsonObject:
    """The status of an accepted CustomResourceDefinition: names accepted, established, versions stored.

    `now` is the timestamp of conditions that are new; on an update, those that the object already has are kept, and a
    version once stored stays in storedVersions.
    """
    old = crd.get("status") or {}
    kept = {condition["type"]: condition for condition in old.get("conditions") or ()}
    storage = [version["name"] for version in crd["spec"]["versions"] if version.get("storage")]
    return {
        "acceptedNames": with_default_names(crd["spec"]["names"]),
        "storedVersions": list(dict.fromkeys([*(old.get("storedVersions") or ()), *storage])),
        "conditions": [
            kept.get("NamesAccepted") or _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            kept.get("Established")
            or _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
        ],
    }


def _condition(type: str, reason: str, message: str, now: str) -> JsonObject:
    return {"type": type, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}


def convert(obj: JsonObject, info: KindInfo) -> JsonObject:
    """The object as `info`'s version shows it: renamed, then pruned and defaulted by that version's schema."""
    if obj.get("apiVersion") == info.api_version:
        return obj
    renamed = {**obj, "apiVersion": info.api_version}
    compiled = compiled_schema(info)
    shaped: JsonObject = compiled.node.shape(renamed) if compiled is not None else renamed
    return shaped


def with_default_names(names: JsonObject) -> JsonObject:
    """The names with the defaults for singular and listKind."""
    return {"singular": names["kind"].lower(), "listKind": names["kind"] + "List", **names}


def default_crd(crd: JsonObject) -> JsonObject:
    """The definition with what the API server fills in. A malformed one comes back as it is, to be refused."""
    spec = crd.get("spec")
    if not isinstance(spec, dict):
        return crd
    changed: JsonObject = {"conversion": {"strategy": "None"}, **spec}
    names = spec.get("names")
    if isinstance(names, dict) and isinstance(names.get("kind"), str):
        changed["names"] = with_default_names(names)
    return crd if changed == spec else {**crd, "spec": changed}


# ------------------------------------------------------------------ validation


def validate_crd(crd: JsonObject, old: JsonObject | None = None) -> list[Cause]:
    """What is wrong with the definition. Raises NotImplementedByServer for a conversion webhook."""
    spec = crd.get("spec")
    if not isinstance(spec, dict):
        return [field_errors.required("spec")]
    if (spec.get("conversion") or {}).get("strategy") == "Webhook":
        raise NotImplementedByServer(
            "spec.conversion.strategy: Webhook is not implemented by this reference server; use None, with versions "
            "whose fields have the same meaning"
        )
    causes: list[Cause] = []
    _check_names(crd, spec, causes)
    _check_versions(spec, causes)
    if spec.get("preserveUnknownFields"):
        why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        causes.append(field_errors.invalid_value("spec.preserveUnknownFields", True, why))
    if old is not None:
        _check_update(crd, old, causes)
    return causes


def _check_names(crd: JsonObject, spec: JsonObject, causes: list[Cause]) -> None:
    group, names = spec.get("group"), spec.get("names")
    if not isinstance(group, str) or not group:
        causes.append(field_errors.required("spec.group"))
    elif not _SUBDOMAIN.fullmatch(group):
        why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"
        causes.append(field_errors.invalid_value("spec.group", group, why))
    elif "." not in group:
        causes.append(field_errors.invalid_value("spec.group", group, "should be a domain with at least one dot"))
    if spec.get("scope") not in ("Cluster", "Namespaced"):
        scope = spec.get("scope")
        causes.append(
            field_errors.not_supported("spec.scope", scope, ["Cluster", "Namespaced"])
            if scope
            else field_errors.required("spec.scope")
        )
    if not isinstance(names, dict):
        causes.append(field_errors.required("spec.names"))
        return
    for name in ("plural", "kind"):
        if not names.get(name):
            causes.append(field_errors.required(f"spec.names.{name}"))
    for name in ("plural", "singular"):
        if names.get(name) and not _LABEL.fullmatch(names[name]):
            causes.append(field_errors.invalid_value(f"spec.names.{name}", names[name], _LABEL_WHY))
    for name in ("kind", "listKind"):
        if names.get(name) and not _LABEL.fullmatch(names[name].lower()):
            why = "may have mixed case, but should otherwise match: " + _LABEL_WHY
            causes.append(field_errors.invalid_value(f"spec.names.{name}", names[name], why))
    if names.get("kind") and names["kind"] == names.get("listKind"):
        why = "kind and listKind may not be the same"
        causes.append(field_errors.invalid_value("spec.names.listKind", names["kind"], why))
    found = (crd.get("metadata") or {}).get("name")
    if group and names.get("plural") and found != f"{names['plural']}.{group}":
        causes.append(field_errors.invalid_value("metadata.name", found, 'must be spec.names.plural+"."+spec.group'))


def _check_versions(spec: JsonObject, causes: list[Cause]) -> None:
    versions = spec.get("versions")
    if not isinstance(versions, list) or not versions:
        causes.append(field_errors.required("spec.versions"))
        return
    seen: dict[str, int] = {}
    for index, version in enumerate(versions):
        place = f"spec.versions[{index}]"
        name = version.get("name")
        if not isinstance(name, str) or not _LABEL.fullmatch(name):
            causes.append(field_errors.invalid_value(f"{place}.name", name, _LABEL_WHY))
        elif name in seen:
            why = "must contain unique version names"
            causes.append(field_errors.invalid_value("spec.versions", name, why))
        seen[str(name)] = index
        _check_version(version, place, causes)
    if sum(bool(version.get("storage")) for version in versions) != 1:
        names = [version.get("name") for version in versions]
        why = "must have exactly one version marked as storage version"
        causes.append(field_errors.invalid_value("spec.versions", names, why))


def _check_version(version: JsonObject, place: str, causes: list[Cause]) -> None:
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if not isinstance(schema, dict):
        causes.append(field_errors.required(f"{place}.schema.openAPIV3Schema", "schemas are required"))
    else:
        check_schema(schema, f"{place}.schema.openAPIV3Schema", causes)
    scale = (version.get("subresources") or {}).get("scale")
    if scale is None:
        return
    for name, prefix in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        path, field = scale.get(name), f"{place}.subresources.scale.{name}"
        if not path:
            causes.append(field_errors.required(field))
        elif not path.startswith(prefix):
            causes.append(field_errors.invalid_value(field, path, f"should be a json path under {prefix[:-1]}"))


def _check_update(crd: JsonObject, old: JsonObject, causes: list[Cause]) -> None:
    for path in _IMMUTABLE:
        before, now = _at(old["spec"], path), _at(crd["spec"], path)
        if before != now:
            causes.append(field_errors.invalid_value(".".join(("spec", *path)), now, "field is immutable"))
    names = [version.get("name") for version in crd["spec"].get("versions") or ()]
    for index, stored in enumerate((crd.get("status") or {}).get("storedVersions") or ()):
        if stored not in names:
            field = f"status.storedVersions[{index}]"
            why = f"missing from spec.versions; {stored} was previously a storage version, and must remain in "
            why += (
                "spec.versions until a storage migration ensures no data remains persisted in it and removes it from "
            )
            causes.append(field_errors.invalid_value(field, stored, why + "status.storedVersions"))


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _compile(crd: JsonObject, causes: list[Cause]) -> dict[str, CompiledSchema]:
    compiled: dict[str, CompiledSchema] = {}
    for index, version in enumerate(crd["spec"]["versions"]):
        place = f"spec.versions[{index}].schema.openAPIV3Schema"
        node = compile_schema(version["schema"]["openAPIV3Schema"])
        compiled[version["name"]] = CompiledSchema(node, _rules_of(node, place, causes))
    return compiled


def _rules_of(node: Node, place: str, causes: list[Cause]) -> "RuleNode | None":
    # Few schemas have rules, and a CEL parser takes a fifth of a second to load: more than the rest of a short replay.
    if "x-kubernetes-validations" not in json.dumps(node.source):
        return None
    from reference_impl.apiserver.cel_rules import compile_rules

    return compile_rules(node, place, causes)
