"""The narrow port behind which a store lives: in memory, in a SQLite file, in a real etcd.

Semantics are etcd's as the API server uses them: one global revision that every write increments by one; a value's
mod revision is its `metadata.resourceVersion`; history can be read and watched from any revision that has not been
compacted. Source: etcd API guarantees; Kubernetes `storage/etcd3/store.go`.

What a call may raise besides its answer: `StoreUnavailable` where a store can be out of reach (a full disk, an etcd
without a majority), which says whether a write may nevertheless have happened. Opening one may raise `StoreUnusable`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from reference_impl.protocol import JsonObject

Key = tuple[str, str, str]
"""(resource, namespace or "", name); resource is Kubernetes' GroupResource string: "pods", "deployments.apps"."""


class RevisionMismatch(Exception):
    """A compare-and-swap lost. `current` is the object as it is now (None: it does not exist)."""

    def __init__(self, key: Key, expected: int, current: JsonObject | None) -> None:
        super().__init__(f"{key}: expected revision {expected}, found {revision_of(current)}")
        self.key = key
        self.expected = expected
        self.current = current


class Compacted(Exception):
    """The asked revision has been compacted away."""

    def __init__(self, asked: int, compacted: int) -> None:
        super().__init__(f"revision {asked} has been compacted; the oldest kept is {compacted}")
        self.asked = asked
        self.compacted = compacted


class FutureRevision(Exception):
    """The asked revision has not happened yet."""

    def __init__(self, asked: int, current: int) -> None:
        super().__init__(f"revision {asked} is in the future; the store is at {current}")
        self.asked = asked
        self.current = current


class StoreUnavailable(Exception):
    """The store could not answer.

    Args:
        message: what failed, and what to do about it.
        definite: the call certainly had no effect. False: a write may have been committed, now or a little later.
    """

    def __init__(self, message: str, *, definite: bool) -> None:
        super().__init__(message)
        self.definite = definite


class StoreFull(StoreUnavailable):
    """There is no room for the write, which had no effect. What was acknowledged before is all there."""

    def __init__(self, message: str) -> None:
        super().__init__(message, definite=True)


class StoreUnusable(Exception):
    """A store cannot be opened: it is somebody else's, newer, in use or damaged. One line for who started the program;
    nothing was changed."""


@dataclass(frozen=True, slots=True)
class StoreEvent:
    """One committed change. `object` carries `resourceVersion == str(revision)`, for DELETED too (the last state)."""

    revision: int
    type: str
    """ADDED, MODIFIED or DELETED"""
    key: Key
    object: JsonObject
    previous: JsonObject | None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a consistent snapshot. `remaining`: how many lie beyond the limit; `last`: the key to go on after."""

    items: list[JsonObject]
    revision: int
    remaining: int
    last: Key | None


class Store(Protocol):
    """A consistent core. Synchronous: a call is one atomic step. Values handed in are owned by the store from then on
    and stamped with their revision; values handed out are shared and never to be changed.

    Whatever revision a call answers from, subscribers have heard all events up to it before the call returns: reading
    the store never runs ahead of what is fed by it. Others may write to some stores too; their events are heard inside
    the next call.
    """

    @property
    def revision(self) -> int:
        """The newest revision; 1 when empty, as in etcd."""

    @property
    def compacted_revision(self) -> int: ...

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        """The value now, or as of `revision`. Raises Compacted, FutureRevision."""

    def list(
        self,
        resource: str,
        namespace: str | None = None,
        *,
        revision: int | None = None,
        limit: int | None = None,
        after: Key | None = None,
    ) -> Page:
        """Values in key order, now or as of `revision`. Raises Compacted, FutureRevision."""

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None, lease: int | None = None) -> StoreEvent:
        """Write. `expected`: 0 must not exist, n must be at revision n, None unconditional. Raises RevisionMismatch."""

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        """Remove. Raises RevisionMismatch (also if it does not exist)."""

    def events(self, since: int) -> Iterator[StoreEvent]:
        """Committed events with revision > since, in order. Raises Compacted when since < compacted_revision."""

    def subscribe(self, callback: Callable[[StoreEvent], None]) -> Callable[[], None]:
        """Call back synchronously after every commit, in order; returns how to stop. A callback must not write."""

    def compact(self, revision: int) -> None:
        """Forget history up to and including what only revisions before `revision` can see."""


def revision_of(obj: JsonObject | None) -> int:
    """The mod revision of a stored object; 0 for None (etcd: a key that does not exist has mod revision 0)."""
    return int(obj["metadata"]["resourceVersion"]) if obj is not None else 0
