"""The consistent core in memory: a multi-version map with one revision counter, as etcd is to an API server.

Every write takes the next revision and is one event, so the event log is an array indexed by revision: reading history
from a revision costs only what is read. Each key keeps its own versions for reads in the past, until compaction.

Not modelled: transactions over several keys (the API server needs none: it writes one object per revision), durability,
and a store that lags or loses writes; those are other stores behind the same port. Deleting the keys of a lease takes
one revision per key, where etcd takes one for all: a watcher cannot tell.

Sources: etcd API guarantees (ordering, compaction, watch from a revision); `storage/etcd3/store.go`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from sortedcontainers import SortedDict

from reference_impl.protocol import JsonObject
from reference_impl.store.lease import LeaseTable
from reference_impl.store.port import (
    Compacted,
    FutureRevision,
    Key,
    Page,
    RevisionMismatch,
    StoreEvent,
    revision_of,
)

_LAST: Final = "\U0010ffff"
"""Sorts after every name and namespace: they are DNS labels, path segments at most."""


class _Versions:
    """One key's history: revisions ascending, and the value from each on (None: deleted)."""

    __slots__ = ("revisions", "values")

    def __init__(self) -> None:
        self.revisions: list[int] = []
        self.values: list[JsonObject | None] = []

    def at(self, revision: int) -> JsonObject | None:
        index = bisect_right(self.revisions, revision) - 1
        return self.values[index] if index >= 0 else None

    def forget_before(self, revision: int) -> bool:
        """Drop what only reads before `revision` can see; answers whether nothing is left."""
        first = bisect_right(self.revisions, revision) - 1
        if first >= 0 and self.values[first] is None:
            first += 1
        if first > 0:
            del self.revisions[:first]
            del self.values[:first]
        return not self.revisions


class _Table:
    """One resource: what lives now in key order, and everything that ever lived since compaction."""

    __slots__ = ("live", "versions")

    def __init__(self) -> None:
        self.live: SortedDict = SortedDict()
        self.versions: dict[Key, _Versions] = {}


class MemoryStore:
    """`Store` and `Leasing` in memory. Not safe to write to from inside a subscriber's callback."""

    __slots__ = ("_compacted", "_leases", "_log", "_log_start", "_revision", "_subscribers", "_tables")

    def __init__(self) -> None:
        self._revision = 1
        self._compacted = 0
        self._log: list[StoreEvent] = []
        self._log_start = 2
        """Revision of `_log[0]`: the first write takes revision 2."""
        self._tables: dict[str, _Table] = {}
        self._subscribers: list[Callable[[StoreEvent], None]] = []
        self._leases = LeaseTable()

    def begin_at(self, revision: int) -> None:
        """As if so many writes had been made and compacted: for an empty store in the place of one that is remembered.
        Source: `etcdutl snapshot restore --bump-revision --mark-compacted`."""
        assert not self._tables, "something is stored already"
        self._revision = self._compacted = revision
        self._log_start = revision + 1

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def compacted_revision(self) -> int:
        return self._compacted

    def resources(self) -> list[str]:
        """Resources of which anything is stored now, sorted."""
        return sorted(resource for resource, table in self._tables.items() if table.live)

    @property
    def version_count(self) -> int:
        """How many versions are kept, deletions included: what compaction brings down."""
        return sum(len(each.values) for table in self._tables.values() for each in table.versions.values())

    # -------------------------------------------------------------------------------------------------------- reading

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        table = self._tables.get(key[0])
        if revision is None:
            return table.live.get(key) if table is not None else None
        self._check_readable(revision)
        versions = table.versions.get(key) if table is not None else None
        return versions.at(revision) if versions is not None else None

    def list(
        self,
        resource: str,
        namespace: str | None = None,
        *,
        revision: int | None = None,
        limit: int | None = None,
        after: Key | None = None,
    ) -> Page:
        if revision is not None:
            self._check_readable(revision)
        table = self._tables.get(resource)
        if table is None:
            return Page([], revision or self._revision, 0, None)
        if revision is None or revision == self._revision:
            live = table.live
        else:
            live = self._as_of(table, revision)
        first, end = _bounds(live, resource, namespace, after)
        last = end if limit is None else min(end, first + limit)
        keys = live.keys()[first:last] if first or last < len(live) else list(live)
        items = [live[key] for key in keys]
        remaining = max(0, end - max(last, first))
        return Page(items, revision or self._revision, remaining, keys[-1] if keys else None)

    def events(self, since: int) -> Iterator[StoreEvent]:
        if since < self._compacted:
            raise Compacted(since, self._compacted)
        return islice(self._log, max(0, since + 1 - self._log_start), None)

    # -------------------------------------------------------------------------------------------------------- writing

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None, lease: int | None = None) -> StoreEvent:
        table = self._tables.get(key[0])
        if table is None:
            table = self._tables[key[0]] = _Table()
        previous = table.live.get(key)
        if expected is not None and revision_of(previous) != expected:
            raise RevisionMismatch(key, expected, previous)
        if lease is not None:
            self._leases.check(lease)
        stamped = _stamp(obj, self._revision + 1)
        table.live[key] = stamped
        self._leases.attach(key, lease)
        event = StoreEvent(self._revision + 1, "ADDED" if previous is None else "MODIFIED", key, stamped, previous)
        self._commit(table, event, stamped)
        return event

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        table = self._tables.get(key[0])
        previous: JsonObject | None = table.live.get(key) if table is not None else None
        if table is None or previous is None or (expected is not None and revision_of(previous) != expected):
            raise RevisionMismatch(key, expected or 0, previous)
        del table.live[key]
        self._leases.attach(key, None)
        event = StoreEvent(self._revision + 1, "DELETED", key, _stamp(previous, self._revision + 1), previous)
        self._commit(table, event, None)
        return event

    def subscribe(self, callback: Callable[[StoreEvent], None]) -> Callable[[], None]:
        self._subscribers.append(callback)

        def stop() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return stop

    def compact(self, revision: int) -> None:
        """Raises Compacted if that was done up to a later revision already, FutureRevision beyond the newest one."""
        if revision > self._revision:
            raise FutureRevision(revision, self._revision)
        if revision < self._compacted:
            raise Compacted(revision, self._compacted)
        self._compacted = revision
        forgotten = max(0, revision + 1 - self._log_start)
        # Only keys with an event up to here can have a version that became unreachable.
        touched = {event.key: None for event in islice(self._log, forgotten)}
        del self._log[:forgotten]
        self._log_start += forgotten
        for key in touched:
            versions = self._tables[key[0]].versions
            if key in versions and versions[key].forget_before(revision):
                del versions[key]

    # --------------------------------------------------------------------------------------------------------- leases

    def grant(self, ttl_s: float, *, now_s: float = 0.0) -> int:
        """A lease that runs out `ttl_s` after `now_s`, when somebody calls `expire`."""
        return self._leases.grant(ttl_s, now_s)

    def keep_alive(self, lease: int, now_s: float) -> float:
        """Renew it for its full time from `now_s`; answers when it will run out. Raises LeaseNotFound."""
        return self._leases.keep_alive(lease, now_s)

    def revoke(self, lease: int) -> int:
        """End it and delete its keys; answers how many there were. Raises LeaseNotFound."""
        keys = self._leases.drop(lease)
        for key in keys:
            self.delete(key)
        return len(keys)

    def expire(self, now_s: float) -> int:
        """Revoke every lease that has run out by `now_s`; answers how many keys were deleted."""
        return sum(self.revoke(lease) for lease in self._leases.expired(now_s))

    # --------------------------------------------------------------------------------------------------------- inside

    def _commit(self, table: _Table, event: StoreEvent, value: JsonObject | None) -> None:
        self._revision = event.revision
        versions = table.versions.get(event.key)
        if versions is None:
            versions = table.versions[event.key] = _Versions()
        versions.revisions.append(event.revision)
        versions.values.append(value)
        self._log.append(event)
        for callback in tuple(self._subscribers):
            callback(event)

    def _check_readable(self, revision: int) -> None:
        if revision < self._compacted:
            raise Compacted(revision, self._compacted)
        if revision > self._revision:
            raise FutureRevision(revision, self._revision)

    def _as_of(self, table: _Table, revision: int) -> SortedDict:
        """The table as it was. Rebuilt for each read: only paginated and `Exact` lists look into the past."""
        past = ((key, versions.at(revision)) for key, versions in table.versions.items())
        return SortedDict((key, value) for key, value in past if value is not None)


def _bounds(live: SortedDict, resource: str, namespace: str | None, after: Key | None) -> tuple[int, int]:
    """Half-open range of positions in `live`."""
    first = 0 if namespace is None else live.bisect_left((resource, namespace, ""))
    end = len(live) if namespace is None else live.bisect_right((resource, namespace, _LAST))
    if after is not None:
        first = max(first, live.bisect_right(after))
    return first, end


def _stamp(obj: JsonObject, revision: int) -> JsonObject:
    """The object at its new revision; shares everything but its metadata with the old one."""
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
