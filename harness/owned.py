"""Owned objects as weather sees them: which there are, and by which role a schedule names them.

A role does not depend on generated names: "Pod/default/child 0 of ReplicaSet front".
"""

from collections.abc import Iterable
from typing import Any

from harness.contract import Plane
from reference_impl.objects import controller_of, is_deleting
from reference_impl.protocol import JsonObject

ENDED_BY_LOSS = "Job"
"""The kind whose children are not simply restored: a pod of a Job that is gone counts as failed."""


def restorable(plane: Plane) -> list[JsonObject]:
    """Owned objects that their controller has to make anew if they vanish, in key order."""
    return [
        obj
        for obj in plane.owned_objects()
        if not is_deleting(obj) and (controller_of(obj) or {}).get("kind") != ENDED_BY_LOSS
    ]


def role_paths(plane: Plane, objects: Iterable[JsonObject]) -> list[str]:
    """The roles of these objects, in their order."""
    return [role_path(plane, obj) for obj in objects]


def role_path(plane: Any, obj: JsonObject) -> str:
    """An object by role, as schedules name it. A plane that knows no roles names it by its name."""
    role_of = getattr(plane, "role_of", None)
    role = role_of(obj) if role_of is not None else obj["metadata"]["name"]
    return "/".join(part for part in (obj["kind"], obj["metadata"].get("namespace"), role) if part)
