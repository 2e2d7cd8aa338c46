"""How keys, values and events of a store look inside etcd.

A key is `PREFIX NUL resource NUL namespace NUL name`. NUL sorts before everything a name may hold, so that etcd's byte
order is the port's order of tuples (with "/" the namespace "a-b" would come before "a"), and no two keys collide.
A value is the object as JSON, without its `resourceVersion`: the revision that etcd gives it is the one that counts.

Source: etcd "API", KeyValue; Kubernetes `storage/etcd3/store.go` does the same with "/".
"""

from base64 import b64decode, b64encode
from typing import Any

import orjson

from reference_impl.protocol import JsonObject
from reference_impl.store.port import Compacted, Key, StoreEvent

EVERYTHING = "AA=="
"""NUL in base64: as key and end of a range, etcd's way to name every key there is."""


def text(raw: bytes) -> str:
    """Bytes as the JSON gateway wants them."""
    return b64encode(raw).decode()


class KeySpace:
    """The part of an etcd that one store uses."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.encode() + b"\0"
        self.marker = text(prefix.encode())
        """A key outside the store's own range that says which layout this is."""

    def encoded(self, key: Key) -> str:
        return text(self._prefix + "\0".join(key).encode())

    def decoded(self, raw: str) -> Key | None:
        """None: not a key of this store."""
        found = b64decode(raw)
        if not found.startswith(self._prefix):
            return None
        resource, namespace, name = found[len(self._prefix) :].decode().split("\0")
        return resource, namespace, name

    def bounds(self, resource: str | None, namespace: str | None, after: Key | None) -> tuple[str, str]:
        """First key and the end beyond the last, of everything in a resource or a namespace of it."""
        start = self._prefix
        for part in (resource, namespace):
            if part is not None:
                start += part.encode() + b"\0"
        first = start if after is None else self._prefix + "\0".join(after).encode() + b"\0"
        return text(first), text(start[:-1] + b"\1")

    def event(self, raw: dict[str, Any]) -> StoreEvent | None:
        """None: not an event of this store. Raises Compacted if the previous value is no longer known."""
        found = raw["kv"]
        key = self.decoded(found["key"])
        if key is None:
            return None
        revision = int(found["mod_revision"])
        previous = stored(raw["prev_kv"]) if "prev_kv" in raw else None
        if raw.get("type") == "DELETE":
            if previous is None:
                raise Compacted(revision - 1, revision)
            return StoreEvent(revision, "DELETED", key, stamped(previous, revision), previous)
        if found["create_revision"] == found["mod_revision"]:
            return StoreEvent(revision, "ADDED", key, stored(found), None)
        if previous is None:
            raise Compacted(revision - 1, revision)
        return StoreEvent(revision, "MODIFIED", key, stored(found), previous)


def value_of(obj: JsonObject) -> str:
    metadata = {name: value for name, value in obj["metadata"].items() if name != "resourceVersion"}
    return text(orjson.dumps({**obj, "metadata": metadata}))


def stored(found: dict[str, Any]) -> JsonObject:
    """The object of an etcd KeyValue."""
    obj: JsonObject = orjson.loads(b64decode(found["value"]))
    obj["metadata"]["resourceVersion"] = str(found["mod_revision"])
    return obj


def stamped(obj: JsonObject, revision: int) -> JsonObject:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
