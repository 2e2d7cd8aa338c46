"""What was committed, indexed for whoever judges it: by uid, by owner, by maker; and which commits were effective.

Kept up to date at every commit in constant time, so that judging never scans the store.
"""

from collections.abc import Sequence
from typing import Any

from harness.contract import Change
from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Key, StoreEvent

QUIET_RESOURCES = frozenset({"leases.coordination.k8s.io", "events", "events.events.k8s.io"})
"""Commits to these are upkeep, never progress: they do not count as effective."""


class History:
    """The ledger of one world."""

    def __init__(self, volatile: Sequence[str]) -> None:
        self.by_uid: dict[str, Key] = {}
        self.creators: dict[str, tuple[str, int]] = {}
        self.deleted_at: dict[str, int] = {}
        self.owned: dict[str, dict[Key, None]] = {}
        self.by_key: dict[Key, list[StoreEvent]] = {}
        self.by_resource: dict[str, list[StoreEvent]] = {}
        self.changes: list[Change] = []
        self.effective_count = 0
        self.roles: dict[Key, str] = {}
        self._children: dict[tuple[str, str], int] = {}
        self._volatile_kinds = {path for path in volatile if "." not in path}
        self._volatile_paths: dict[str, list[list[str]]] = {}
        for path in volatile:
            kind, _, rest = path.partition(".")
            if rest:
                self._volatile_paths.setdefault(kind, []).append(rest.split("."))

    def commit(self, event: StoreEvent, creator: tuple[str, int]) -> None:
        """Take a committed change into all indexes."""
        key, obj = event.key, event.object
        metadata = obj["metadata"]
        uid = metadata.get("uid", "")
        self.by_key.setdefault(key, []).append(event)
        self.by_resource.setdefault(key[0], []).append(event)
        before_owners = event.previous["metadata"].get("ownerReferences") if event.previous is not None else None
        after_owners = metadata.get("ownerReferences") if event.type != "DELETED" else None
        if event.type == "ADDED":
            self.by_uid[uid] = key
            self.creators[uid] = creator
            if metadata.get("generateName"):
                self.roles[key] = self._role_of_child(obj)
        elif event.type == "DELETED":
            self.by_uid.pop(uid, None)
            self.deleted_at[uid] = event.revision
        if before_owners is not after_owners:
            for reference in before_owners or ():
                self.owned.get(reference.get("uid", ""), {}).pop(key, None)
            for reference in after_owners or ():
                self.owned.setdefault(reference.get("uid", ""), {})[key] = None

    def _role_of_child(self, obj: JsonObject) -> str:
        owner = controller_of(obj) or next(iter(obj["metadata"].get("ownerReferences") or ()), None)
        if owner is None:
            place = (obj["metadata"]["generateName"], obj["kind"])
            whose = f"{obj['metadata']['generateName']}*"
        else:
            place = (owner["uid"], obj["kind"])
            whose = f"{owner['kind']} {owner['name']}"
        number = self._children.get(place, 0)
        self._children[place] = number + 1
        return f"child {number} of {whose}"

    def next_role(self, body: JsonObject) -> str:
        """The role that an object about to be created under a generated name will have."""
        owner = controller_of(body) or next(iter(body["metadata"].get("ownerReferences") or ()), None)
        if owner is None:
            generate_name = body["metadata"].get("generateName", "")
            return f"child {self._children.get((generate_name, body.get('kind', '')), 0)} of {generate_name}*"
        number = self._children.get((owner.get("uid", ""), body.get("kind", "")), 0)
        return f"child {number} of {owner.get('kind')} {owner.get('name')}"

    def is_effective(self, event: StoreEvent) -> bool:
        """Progress, not upkeep: outside Leases, Events, Node heartbeats and what the trial calls volatile."""
        resource = event.key[0]
        if resource in QUIET_RESOURCES:
            return False
        kind = event.object.get("kind", "")
        if kind in self._volatile_kinds:
            return False
        if event.type != "MODIFIED":
            return True
        before = event.previous
        assert before is not None
        paths = self._volatile_paths.get(kind)
        if resource == "nodes":
            return _without_heartbeats(before) != _without_heartbeats(event.object)
        if paths is None:
            return True  # the API server drops writes that change nothing: whatever commits did change something
        return bool(_without(before, paths) != _without(event.object, paths))


def _without_heartbeats(node: JsonObject) -> JsonObject:
    status = dict(node.get("status") or {})
    status["conditions"] = [
        {key: value for key, value in condition.items() if key != "lastHeartbeatTime"}
        for condition in status.get("conditions") or ()
    ]
    metadata = {
        key: value for key, value in node["metadata"].items() if key not in ("resourceVersion", "managedFields")
    }
    return {**node, "metadata": metadata, "status": status}


def _without(obj: JsonObject, paths: Sequence[Sequence[str]]) -> Any:
    slim: Any = {
        **obj,
        "metadata": {k: v for k, v in obj["metadata"].items() if k not in ("resourceVersion", "managedFields")},
    }
    for path in paths:
        slim = _drop(slim, path)
    return slim


def _drop(value: Any, path: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_drop(item, path) for item in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {k: v for k, v in value.items() if k != path[0]}
    return {**value, path[0]: _drop(value[path[0]], path[1:])}
