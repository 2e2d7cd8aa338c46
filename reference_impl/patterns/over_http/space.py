"""Two namespaces of an API server, made for one tryout: ConfigMaps in them stand for the contract's keys and values.

A contract says "a/x"; here it is ConfigMap x of a namespace whose name the server chose, so that tryouts do not meet.
What the server itself puts into namespaces (`kube-root-ca.crt`) is told apart by a label. A deletion's revision is in
no answer of Kubernetes but in its watch event, so every deletion is watched.

Sources: Kubernetes API concepts (resourceVersion, preconditions); apimachinery `meta/v1` DeleteOptions.
"""

import contextlib
from typing import Any, Final

from reference_impl.patterns.over_http.access import Access
from reference_impl.patterns.over_http.client import ApiClient, Refused, Unanswered, is_about_the_future
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Compacted, FutureRevision, Key

NAMESPACES: Final = ("a", "b")
LABEL: Final = "seatrial.dev/tryout"
TOLD_WITHIN_S: Final = 30.0
"""For the event of a deletion that was answered; arbitrary, and far beyond what any server takes."""
_DELETE_OPTIONS: Final = {"kind": "DeleteOptions", "apiVersion": "v1"}
_ATTEMPTS: Final = 20
"""Rounds of an unconditional write that loses to others each time; arbitrary."""


class Lost:
    """A write that was refused, and what is there instead."""

    def __init__(self, current: JsonObject | None) -> None:
        self.current = current


class Space:
    """The namespaces, and writes of ConfigMaps in them. Objects come and go as the server has them."""

    def __init__(self, access: Access) -> None:
        self.client = ApiClient(access)
        self.names = {name: self._made(name) for name in NAMESPACES}
        self.tryout = self.names["a"]
        self.selector = f"{LABEL}={self.tryout}"

    def _made(self, name: str) -> str:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": f"seatrial-{name}-"}}
        return str(self.client.ask("POST", "/api/v1/namespaces", body)["metadata"]["name"])

    def path(self, namespace: str | None, name: str | None = None) -> str:
        """Of a ConfigMap, of all in a namespace, or (None) of all there are."""
        if namespace is None:
            return "/api/v1/configmaps"
        inside = f"/api/v1/namespaces/{self.names[namespace]}/configmaps"
        return inside if name is None else f"{inside}/{name}"

    def revision(self) -> int:
        """The newest, by a list: that is a consistent read."""
        return revision(self.client.ask("GET", self.path("a"), limit=1))

    def key(self, obj: JsonObject) -> Key:
        """Raises KeyError for an object of a namespace that is not this tryout's."""
        metadata = obj["metadata"]
        namespace = {theirs: ours for ours, theirs in self.names.items()}[metadata["namespace"]]
        return ("configmaps", namespace, metadata["name"])

    def body(self, key: Key, obj: JsonObject, expected: int | None = None) -> JsonObject:
        """What is sent. `expected`: the resourceVersion that it must have."""
        metadata = {**obj["metadata"], "namespace": self.names[key[1]], "labels": {LABEL: self.tryout}}
        metadata.pop("resourceVersion", None)
        if expected:
            metadata["resourceVersion"] = str(expected)
        return {**obj, "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}

    def listed(self, client: ApiClient, path: str, at: int | None, **query: Any) -> JsonObject:
        """A list, now or exactly at a revision. Raises Compacted, FutureRevision."""
        if at is not None:
            query |= {"resourceVersion": at, "resourceVersionMatch": "Exact"}
        try:
            return client.ask("GET", path, **query)
        except Refused as refused:
            if refused.status == 410:
                raise Compacted(at or 0, 0) from None
            if at is not None and is_about_the_future(refused):
                raise FutureRevision(at, self.revision()) from None
            raise

    # --------------------------------------------------------------------------------------------------------- calling

    def get(self, client: ApiClient, key: Key) -> JsonObject | None:
        """Now: a read without a resourceVersion is consistent."""
        try:
            return client.ask("GET", self.path(key[1], key[2]))
        except Refused as refused:
            if refused.status != 404:
                raise
            return None

    def put(self, client: ApiClient, key: Key, obj: JsonObject, expected: int | None) -> JsonObject | Lost:
        """Create (`expected` 0), update at a resourceVersion, or (None) whichever it takes."""
        for _ in range(_ATTEMPTS):
            if expected != 0:
                try:
                    return client.ask("PUT", self.path(key[1], key[2]), self.body(key, obj, expected))
                except Refused as refused:
                    if refused.status not in (404, 409):
                        raise
                    if expected is not None:
                        return Lost(self.get(client, key))
            try:
                return client.ask("POST", self.path(key[1]), self.body(key, obj))
            except Refused as refused:
                if refused.status != 409:
                    raise
            current = self.get(client, key) if expected == 0 else None
            if current is not None:
                return Lost(current)
            # What was in the way is gone again, or it is to be written whatever is there.
        raise Unanswered(f"{key[1]}/{key[2]} changes faster than it can be written", definite=True)

    def delete(self, client: ApiClient, key: Key, expected: int | None) -> JsonObject | Lost:
        """The last state, at the deletion's own revision. Raises TimeoutError if no watch tells of it."""
        path = self.path(key[1], key[2])
        for _ in range(_ATTEMPTS):
            before = self.get(client, key)
            if before is None:
                return Lost(None)
            watch = client.watch(
                self.path(key[1]), resourceVersion=revision(before), fieldSelector=f"metadata.name={key[2]}"
            )
            try:
                preconditions = {"uid": before["metadata"]["uid"]}
                if expected is not None:
                    preconditions["resourceVersion"] = str(expected)
                try:
                    client.ask("DELETE", path, {**_DELETE_OPTIONS, "preconditions": preconditions})
                except Refused as refused:
                    if refused.status not in (404, 409):
                        raise
                    if expected is not None:
                        return Lost(self.get(client, key))
                    continue
                watch.patience(TOLD_WITHIN_S)
                for event in watch.events():
                    if event["type"] == "DELETED" and event["object"]["metadata"]["uid"] == before["metadata"]["uid"]:
                        told: JsonObject = event["object"]
                        return told
                raise TimeoutError(f"DELETE {path} was answered, and the watch of it ended without telling")
            finally:
                watch.close()
        raise Unanswered(f"{key[1]}/{key[2]} changes faster than it can be deleted", definite=True)

    def close(self) -> None:
        """The namespaces go; a server that is gone already has taken them along."""
        with contextlib.suppress(Refused, Unanswered):
            for name in self.names.values():
                self.client.ask("DELETE", f"/api/v1/namespaces/{name}")
        self.client.close()


def revision(obj: JsonObject) -> int:
    """Decimal, since KEP-5504."""
    return int(obj["metadata"]["resourceVersion"])
