"""Operations by users in the middle of the weather: they delete and edit what controllers own."""

from typing import TYPE_CHECKING, Any

from harness.owned import role_path
from reference_impl.errors import ApiError
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, JsonObject

if TYPE_CHECKING:
    from harness.world import World

WRONG_UID = "00000000-0000-4000-8000-000000000000"
"""No object has it."""
WRONG_VALUE = "corrupted"


def as_user(world: "World", **request: Any) -> bool:
    """One write by a user, at once; False if it was refused or changed nothing."""
    before = world.store.revision
    try:
        world.user_request(ApiRequest(user="user", **request))
    except ApiError:
        return False
    return world.store.revision != before


def user_delete(world: "World", *, api_version: str, kind: str, namespace: str | None, name: str, **_: Any) -> bool:
    """A user deletes this object."""
    return as_user(world, verb="delete", api_version=api_version, kind=kind, namespace=namespace, name=name)


def user_patch(
    world: "World", *, api_version: str, kind: str, namespace: str | None, name: str, body: JsonObject, **_: Any
) -> bool:
    """A user edits this object."""
    return as_user(
        world,
        verb="patch",
        api_version=api_version,
        kind=kind,
        namespace=namespace,
        name=name,
        body=copy_json(body),
        patch_type="merge",
    )


def delete_owned(world: "World", *, child: str, **_: Any) -> bool:
    """A user deletes an owned object, named by its role: "Pod/default/child 0 of ReplicaSet front"."""
    obj = _owned(world, child)
    return obj is not None and user_delete(world, **_place(obj))


def vandalize(world: "World", *, child: str, what: str, **_: Any) -> bool:
    """A user edits what is not theirs: labels, ownerReferences, finalizers, replicas or data of an owned object."""
    obj = _owned(world, child)
    if obj is not None and world.trial.repairs and obj["kind"] not in world.trial.repairs:
        return False
    body = _vandalism(obj, what) if obj is not None else None
    if obj is None or body is None or not user_patch(world, **_place(obj), body=body):
        return False
    if what == "ownerReferences":
        owners = [reference["uid"] for reference in obj["metadata"]["ownerReferences"]]
        world.taken_from[obj["metadata"]["uid"]] = owners
    return True


def corrupt(world: "World", *, child: str, what: str, **_: Any) -> bool:
    """One value that ties an owned object to others is silently wrong: of a label, its owner's uid, or its selector."""
    obj = _owned(world, child)
    body = _corruption(obj, what) if obj is not None else None
    return obj is not None and body is not None and user_patch(world, **_place(obj), body=body)


def _owned(world: "World", child: str) -> JsonObject | None:
    return next((obj for obj in world.owned_objects() if role_path(world, obj) == child), None)


def _place(obj: JsonObject) -> dict[str, Any]:
    metadata = obj["metadata"]
    return {
        "api_version": obj["apiVersion"],
        "kind": obj["kind"],
        "namespace": metadata.get("namespace"),
        "name": metadata["name"],
    }


def _vandalism(obj: JsonObject, what: str) -> JsonObject | None:
    """A merge patch, or None if the object has no such thing."""
    if what in ("labels", "ownerReferences", "finalizers"):
        return {"metadata": {what: None}} if obj["metadata"].get(what) else None
    if what == "replicas":
        replicas = (obj.get("spec") or {}).get("replicas")
        return {"spec": {"replicas": replicas + 1}} if isinstance(replicas, int) else None
    data = obj.get("data") or {}
    return {"data": {min(data): "dmFuZGFs" if obj["kind"] == "Secret" else "vandal"}} if data else None


def _corruption(obj: JsonObject, what: str) -> JsonObject | None:
    """A merge patch, or None if the object has no such thing."""
    metadata = obj["metadata"]
    if what == "label":
        labels = metadata.get("labels") or {}
        return {"metadata": {"labels": {min(labels): WRONG_VALUE}}} if labels else None
    if what == "owner":
        references = copy_json(metadata.get("ownerReferences") or [])
        for reference in references:
            reference["uid"] = WRONG_UID
        return {"metadata": {"ownerReferences": references}} if references else None
    selector = (obj.get("spec") or {}).get("selector") or {}
    inner = selector.get("matchLabels", selector)
    if not inner or not isinstance(inner, dict):
        return None
    wrong = {min(inner): WRONG_VALUE}
    return {"spec": {"selector": {"matchLabels": wrong} if "matchLabels" in selector else wrong}}
