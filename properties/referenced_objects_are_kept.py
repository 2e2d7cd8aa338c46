"""No controller deletes an object that a live object names.

Opt-in: what counts as a reference, and whether it must be honoured, is each API's own business. Counted here are Pods'
ConfigMaps and Secrets (volumes, environment, pull secrets), and anywhere in the spec or status of an object written by
the same component a map that holds both `kind` and `name`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.ownership import is_condemned
from properties.subject import ABSENT, is_cascade, is_deletion, is_program
from reference_impl.objects import namespace_of, uid_of
from reference_impl.protocol import JsonObject

_POD_FIELDS = {
    "configMap": ("ConfigMap", "name"),
    "secret": ("Secret", "secretName"),
    "configMapRef": ("ConfigMap", "name"),
    "secretRef": ("Secret", "name"),
    "configMapKeyRef": ("ConfigMap", "name"),
    "secretKeyRef": ("Secret", "name"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencedObjectsAreKept:
    name: str = "referenced_objects_are_kept"
    source: str = "Sieve (OSDI'22); cert-manager#6837 (a status that points at what is gone)"
    voided_by: tuple[str, ...] = ("a reference that its API allows to dangle",)
    when: str = "always"
    on: frozenset[str] = frozenset({"delete", "update"})
    opt_in: bool = True

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.before is None or not is_deletion(change):
            return ABSENT
        if is_cascade(change.component) or not is_program(view, change.component):
            return ABSENT
        target = (change.ref.kind, change.ref.name)
        for obj in view.objects():
            if uid_of(obj) == uid_of(change.before) or namespace_of(obj) != change.ref.namespace:
                continue
            if target in _references(view, obj, change.component) and not is_condemned(view, obj):
                ref = ObjectRef.to(obj)
                reason = f"{change.component} deleted {change.ref}, which the live {ref} names"
                return Judgement.violated(reason, [change.ref, ref], key=f"{change.ref.kind} {change.component}")
        return HOLDS


def _references(view: View, obj: JsonObject, component: str) -> list[tuple[str, str]]:
    if obj["kind"] == "Pod":
        spec = obj.get("spec") or {}
        pull = [("Secret", str(secret["name"])) for secret in spec.get("imagePullSecrets") or ()]
        return [*_pod_references(spec), *pull]
    creator = view.creator(uid_of(obj))
    if (creator is None or creator[0] != component) and not _writes(view, obj, component):
        return []
    return [*_named(obj.get("spec")), *_named(obj.get("status"))]


def _writes(view: View, obj: JsonObject, component: str) -> bool:
    ref = ObjectRef.to(obj)
    return any(change.ref == ref and change.component == component for change in view.changes())


def _pod_references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _pod_references(item)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key in _POD_FIELDS and isinstance(part, dict):
                kind, name = _POD_FIELDS[key]
                if part.get(name) and not part.get("optional"):
                    yield kind, str(part[name])
            yield from _pod_references(part)


def _named(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        if isinstance(value.get("kind"), str) and isinstance(value.get("name"), str):
            yield value["kind"], value["name"]
        for part in value.values():
            yield from _named(part)
