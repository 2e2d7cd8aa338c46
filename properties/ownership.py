"""Who owns what, by full coordinates: group, kind, namespace, name and uid, as the garbage collector looks owners up.

A reference with the right uid and a wrong kind, name or namespace names an owner that does not exist (kubernetes#65200
is what happens when the uid alone is believed).
"""

from harness.contract import ObjectRef, View
from reference_impl.objects import controller_of, group_of, is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject

FOREGROUND = "foregroundDeletion"
_COORDINATES = ("apiVersion", "kind", "name", "uid")


def intended_owner(body: object) -> JsonObject | None:
    """The controller reference in what a create sends, not validated yet; None if there is none, or no good one."""
    if not isinstance(body, dict) or not isinstance(body.get("metadata"), dict):
        return None
    reference = controller_of(body)
    if reference is None or not all(isinstance(reference.get(part), str) for part in _COORDINATES):
        return None
    return reference


def owner_ref(view: View, dependent: JsonObject, reference: JsonObject) -> ObjectRef:
    """The coordinates that an owner reference names; the namespace is the dependent's own."""
    api_version, kind = reference["apiVersion"], reference["kind"]
    namespace = None if view.is_namespaced(api_version, kind) is False else namespace_of(dependent)
    return ObjectRef(api_version, kind, namespace, reference["name"])


def living_owner(view: View, dependent: JsonObject, reference: JsonObject) -> JsonObject | None:
    """The live object that this reference names; None when any coordinate of it is wrong, or it is gone."""
    owner = view.by_uid(reference["uid"])
    if owner is None or owner["kind"] != reference["kind"] or name_of(owner) != reference["name"]:
        return None
    if group_of(owner["apiVersion"]) != group_of(reference["apiVersion"]):
        return None
    return owner if namespace_of(owner) in (None, namespace_of(dependent)) else None


def is_solid(owner: JsonObject) -> bool:
    """Does it keep its dependents? Not once it waits for their deletion (foreground), as the collector calls it."""
    return not (is_deleting(owner) and FOREGROUND in (owner["metadata"].get("finalizers") or ()))


def is_condemned(view: View, obj: JsonObject) -> bool:
    """Is it, or any owner up its controller chain, being deleted or gone already?"""
    seen: list[str] = []
    current = obj
    while True:
        if is_deleting(current):
            return True
        reference = controller_of(current)
        if reference is None or reference["uid"] in seen:
            return False
        seen.append(reference["uid"])
        owner = living_owner(view, current, reference)
        if owner is None:
            return True
        current = owner


def controllers_above(view: View, obj: JsonObject) -> list[JsonObject]:
    """The live objects up its controller chain, nearest first."""
    chain: list[JsonObject] = []
    current = obj
    while (reference := controller_of(current)) is not None:
        owner = living_owner(view, current, reference)
        if owner is None or any(uid_of(owner) == uid_of(known) for known in chain):
            break
        chain.append(owner)
        current = owner
    return chain
