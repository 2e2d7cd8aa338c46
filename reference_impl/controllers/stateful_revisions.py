"""A StatefulSet's history: ControllerRevisions, their names, and which of them is current and which is wanted.

A revision is a snapshot of the pod template. Its name is a hash of that snapshot, so that creating it twice (an
ambiguous create, a stale cache) meets `AlreadyExists` instead of making a second one; two templates whose hashes clash
are told apart by `collisionCount`.

Source: `pkg/controller/history`, `stateful_set_control.go`. Unlike there, the hash is FNV-1a of canonical JSON rather
than of Go's struct dump: hashes differ from a real cluster's, as they do between Kubernetes versions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from reference_impl.objects import copy_json, is_deleting, name_of, owner_reference
from reference_impl.protocol import JsonObject

HASH_LABEL: Final = "controller.kubernetes.io/hash"
NAME_PREFIX_LIMIT: Final = 223
"""Longest part of a set's name that goes into its revisions' names (`history.ControllerRevisionName`)."""
_SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels, nothing that looks like another: apimachinery `rand.SafeEncodeString`."""


@dataclass(frozen=True, slots=True)
class Revisions:
    """Where a set stands in its history. `update` may be a draft that is still to be created or renumbered."""

    current: JsonObject
    update: JsonObject
    must_create: bool = False
    must_renumber: bool = False


def snapshot_of(set_: JsonObject) -> JsonObject:
    """A revision's `data`: the pod template, as a patch that replaces the whole of it."""
    return {"spec": {"template": {**set_["spec"]["template"], "$patch": "replace"}}}


def template_of(revision: JsonObject) -> JsonObject:
    """The pod template that a revision holds, as a copy."""
    template: JsonObject = copy_json(revision["data"]["spec"]["template"])
    template.pop("$patch", None)
    return template


def draft(set_: JsonObject, number: int, collision_count: int) -> JsonObject:
    """The revision that `set_` would have as its `number`th. The server has not seen it yet."""
    data: JsonObject = copy_json(snapshot_of(set_))
    digest = _hash(data, collision_count)
    labels = {**(set_["spec"]["template"].get("metadata", {}).get("labels") or {}), HASH_LABEL: digest}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"{name_of(set_)[:NAME_PREFIX_LIMIT]}-{digest}",
            "namespace": set_["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(set_)],
        },
        "data": data,
        "revision": number,
    }


def resolve(set_: JsonObject, revisions: Sequence[JsonObject]) -> Revisions:
    """Find the current and the update revision among those the set owns (`getStatefulSetRevisions`)."""
    history = in_order([revision for revision in revisions if not is_deleting(revision)])
    number = history[-1]["revision"] + 1 if history else 1
    status = set_.get("status") or {}
    wanted = snapshot_of(set_)
    equal = [revision for revision in history if revision["data"] == wanted]
    must_renumber = bool(equal) and equal[-1] is not history[-1]
    if must_renumber:
        # A rollback: the old revision becomes the newest instead of being stored twice.
        update = {**equal[-1], "revision": number}
    else:
        update = equal[-1] if equal else draft(set_, number, status.get("collisionCount") or 0)
    current_name = status.get("currentRevision")
    current = next((revision for revision in history if name_of(revision) == current_name), update)
    if name_of(current) == name_of(update):
        current = update
    return Revisions(current, update, must_create=not equal, must_renumber=must_renumber)


def surplus(set_: JsonObject, revisions: Sequence[JsonObject], live_names: Sequence[str]) -> list[JsonObject]:
    """The oldest revisions that nothing uses, beyond `revisionHistoryLimit` (`truncateHistory`)."""
    idle = [revision for revision in in_order(revisions) if name_of(revision) not in live_names]
    limit = set_["spec"].get("revisionHistoryLimit", 10)
    return idle[: max(0, len(idle) - limit)]


def in_order(revisions: Sequence[JsonObject]) -> list[JsonObject]:
    """Oldest first (`byRevision`: number, then age, then name)."""
    return sorted(
        revisions,
        key=lambda revision: (
            revision["revision"],
            revision["metadata"].get("creationTimestamp") or "",
            name_of(revision),
        ),
    )


def _hash(data: JsonObject, collision_count: int) -> str:
    value = 0x811C9DC5
    salt = str(collision_count).encode() if collision_count else b""
    for byte in orjson.dumps(data, option=orjson.OPT_SORT_KEYS) + salt:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return "".join(_SAFE[ord(digit) % len(_SAFE)] for digit in str(value))
