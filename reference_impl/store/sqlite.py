"""The consistent core in one SQLite file: what was acknowledged is there after a kill, at the same revisions.

Every write is one transaction, synced before anybody hears of it (`sqlite_file.py` says what that rests on); then
subscribers hear, then the caller. So an event that was seen is durable too, and no revision is served twice.
History is read from the file, not kept in memory; only recently used values stay decoded, by their revision, which
names a value for ever.

After an input or output error the outcome of a write is unknown, and an `fsync` that failed once must not be trusted
afterwards: the store closes and has to be opened, and thereby checked, again. A full disk is different: the
transaction is rolled back, and the store goes on.

One process, one thread. Not modelled: as in `memory.py`, transactions over several keys.

Sources: etcd API guarantees; "Can Applications Recover from fsync Failures?" (ATC'20).
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import close
from pathlib import Path
from typing import Any, Final

import orjson

from reference_impl.protocol import JsonObject
from reference_impl.store import sqlite_file
from reference_impl.store.lease import LeaseNotFound
from reference_impl.store.port import (
    Compacted,
    FutureRevision,
    Key,
    Page,
    RevisionMismatch,
    StoreEvent,
    StoreFull,
    StoreUnavailable,
    revision_of,
)
from reference_impl.store.sqlite_schema import checksum

_LOG: Final = logging.getLogger("seatrial.store")
_DECODED_MAX: Final = 4096
"""Values kept decoded: arbitrary, some 20 MB of pods."""
_CHUNK: Final = 500
"""Events fetched at a time: arbitrary."""


class SqliteStore:
    """`Store` and `Leasing` in `directory`, which belongs to this store until `close`.

    Raises:
        StoreUnusable: the directory is in use, or holds a file that is foreign, newer or damaged.
    """

    def __init__(self, directory: Path) -> None:
        self._lock = sqlite_file.lock(directory)
        try:
            self._connection = sqlite_file.connect(directory)
        except BaseException:
            close(self._lock)
            raise
        self.on_lost: Callable[[StoreUnavailable], None] | None = None
        """Called when the store has closed itself, which only opening it again can mend."""
        self._path = directory / sqlite_file.FILE
        self._is_full = False
        self._is_open = True
        self._subscribers: list[Callable[[StoreEvent], None]] = []
        self._decoded: dict[int, JsonObject] = {}
        self._revision: int
        self._compacted: int
        self._revision, self._compacted = self._rows("SELECT revision, compacted FROM counter")[0]

    def close(self) -> None:
        """Fold the write-ahead log into the file and free the directory. Idempotent."""
        if self._is_open:
            self._is_open = False
            self._connection.close()
            close(self._lock)

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def compacted_revision(self) -> int:
        return self._compacted

    def resources(self) -> list[str]:
        """Resources of which anything is stored now, sorted."""
        return [resource for (resource,) in self._rows("SELECT DISTINCT resource FROM live ORDER BY resource")]

    @property
    def version_count(self) -> int:
        """How many versions are kept, deletions included: what compaction brings down."""
        return int(self._rows("SELECT COUNT(*) FROM event")[0][0])

    # -------------------------------------------------------------------------------------------------------- reading

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        if revision is None:
            found = self._row("SELECT revision FROM live WHERE resource = ? AND namespace = ? AND name = ?", *key)
            return self._value(found[0]) if found is not None else None
        self._check_readable(revision)
        found = self._row(
            """SELECT revision, type FROM event WHERE resource = ? AND namespace = ? AND name = ? AND revision <= ?
               ORDER BY revision DESC LIMIT 1""",
            *key, revision,
        )  # fmt: skip
        return self._value(found[0]) if found is not None and found[1] != "DELETED" else None

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
        where, values = "resource = ?", [resource]
        if namespace is not None:
            where, values = f"{where} AND namespace = ?", [*values, namespace]
        if after is not None:
            where, values = f"{where} AND (namespace, name) > (?, ?)", [*values, *after[1:]]
        if revision is None or revision == self._revision:
            source = f"SELECT namespace, name, revision FROM live WHERE {where}"
        else:
            # SQLite takes the other columns of a MAX() from the row that has the maximum.
            source = f"""SELECT namespace, name, MAX(revision) AS revision FROM event
                WHERE {where} AND revision <= {int(revision)} GROUP BY namespace, name HAVING type != 'DELETED'"""
        chosen = f"{source} ORDER BY namespace, name LIMIT {-1 if limit is None else int(limit)}"
        found = self._rows(
            f"""SELECT namespace, name, revision, value FROM ({chosen}) JOIN event USING (revision, namespace, name)
                ORDER BY namespace, name""",
            *values,
        )  # fmt: skip
        remaining = 0
        if limit is not None and len(found) == limit:
            remaining = self._rows(f"SELECT COUNT(*) FROM ({source})", *values)[0][0] - len(found)
        items = [self._decode(at, value) for _, _, at, value in found]
        last = (resource, found[-1][0], found[-1][1]) if found else None
        return Page(items, revision or self._revision, remaining, last)

    def events(self, since: int) -> Iterator[StoreEvent]:
        self._check_history(since)
        return self._history(since)

    # -------------------------------------------------------------------------------------------------------- writing

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None, lease: int | None = None) -> StoreEvent:
        previous = self.get(key)
        if expected is not None and revision_of(previous) != expected:
            raise RevisionMismatch(key, expected, previous)
        if lease is not None:
            self._lease(lease)
        revision = self._revision + 1
        stamped = _stamp(obj, revision)
        event = StoreEvent(revision, "ADDED" if previous is None else "MODIFIED", key, stamped, previous)
        with self._transaction():
            self._insert(event, lease, orjson.dumps(stamped))
            self._execute("INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?, ?)", *key, revision, lease)
        self._publish([event])
        return event

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        previous = self.get(key)
        if previous is None or (expected is not None and revision_of(previous) != expected):
            raise RevisionMismatch(key, expected or 0, previous)
        event = self._deletion(self._revision + 1, key, previous)
        with self._transaction():
            self._remove(event)
        self._publish([event])
        return event

    def subscribe(self, callback: Callable[[StoreEvent], None]) -> Callable[[], None]:
        self._subscribers.append(callback)

        def stop() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return stop

    def compact(self, revision: int) -> None:
        """Raises Compacted if that was done up to a later revision already, FutureRevision beyond the newest one."""
        self._check_readable(revision)
        with self._transaction():
            self._execute(
                """DELETE FROM event WHERE revision <= ?1 AND (type = 'DELETED' OR EXISTS (
                    SELECT 1 FROM event AS later WHERE later.resource = event.resource
                    AND later.namespace = event.namespace AND later.name = event.name
                    AND later.revision > event.revision AND later.revision <= ?1))""",
                revision,
            )  # fmt: skip
            self._count(self._revision, revision)
        self._compacted = revision

    # --------------------------------------------------------------------------------------------------------- leases

    def grant(self, ttl_s: float, *, now_s: float = 0.0) -> int:
        """A lease that runs out `ttl_s` after `now_s`, when somebody calls `expire`; it outlives this process."""
        with self._transaction():
            made = self._execute("INSERT INTO lease (ttl_s) VALUES (?)", float(ttl_s))
            lease = int(made.lastrowid or 0)
            self._renew(lease, ttl_s, now_s + ttl_s)
        return lease

    def keep_alive(self, lease: int, now_s: float) -> float:
        """Renew it for its full time from `now_s`; answers when it will run out. Raises LeaseNotFound."""
        ttl_s = self._lease(lease)
        with self._transaction():
            self._renew(lease, ttl_s, now_s + ttl_s)
        return now_s + ttl_s

    def revoke(self, lease: int) -> int:
        """End it and delete its keys in one transaction; answers how many there were. Raises LeaseNotFound."""
        self._lease(lease)
        found = self._rows(
            "SELECT resource, namespace, name, revision FROM live WHERE lease = ? ORDER BY 1, 2, 3", lease
        )
        events = [
            self._deletion(self._revision + number, (resource, namespace, name), self._value(at))
            for number, (resource, namespace, name, at) in enumerate(found, start=1)
        ]
        with self._transaction():
            for event in events:
                self._remove(event)
            self._execute("DELETE FROM lease WHERE id = ?", lease)
        self._publish(events)
        return len(events)

    def expire(self, now_s: float) -> int:
        """Revoke every lease that has run out by `now_s`; answers how many keys were deleted."""
        expired = self._rows("SELECT id FROM lease WHERE expires_s <= ? ORDER BY id", now_s)
        return sum(self.revoke(lease) for (lease,) in expired)

    # --------------------------------------------------------------------------------------------------------- inside

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._execute("BEGIN IMMEDIATE")
            yield
            self._execute("COMMIT")
        except BaseException:
            if self._is_open and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        if not self._is_open:
            raise StoreUnavailable(f"{self._path}: the store is closed; open it again", definite=True)
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            if error.sqlite_errorname == "SQLITE_FULL":
                self._tell(is_full=True)
                raise StoreFull(f"{self._path}: the disk is full; make room and try again") from None
            self.close()
            lost = StoreUnavailable(f"{self._path}: {error}; the store was closed: open it again", definite=False)
            if self.on_lost is not None:
                self.on_lost(lost)
            raise lost from None

    def _tell(self, *, is_full: bool) -> None:
        if is_full and not self._is_full:
            _LOG.error("%s: the disk is full: nothing can be written until there is room", self._path)
        elif self._is_full and not is_full:
            _LOG.warning("%s: there is room again", self._path)
        self._is_full = is_full

    def _rows(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self._execute(statement, *values).fetchall()

    def _row(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        found = self._rows(statement, *values)
        return found[0] if found else None

    def _insert(self, event: StoreEvent, lease: int | None, value: bytes | None) -> None:
        row = (event.revision, event.type, *event.key, revision_of(event.previous), lease, value)
        self._execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row, checksum(*row))
        self._count(event.revision, self._compacted)

    def _remove(self, event: StoreEvent) -> None:
        self._insert(event, None, None)
        self._execute("DELETE FROM live WHERE resource = ? AND namespace = ? AND name = ?", *event.key)

    def _count(self, revision: int, compacted: int) -> None:
        counted = (revision, compacted)
        self._execute("UPDATE counter SET revision = ?, compacted = ?, checksum = ?", *counted, checksum(*counted))

    def _deletion(self, revision: int, key: Key, previous: JsonObject) -> StoreEvent:
        return StoreEvent(revision, "DELETED", key, _stamp(previous, revision), previous)

    def _publish(self, events: Sequence[StoreEvent]) -> None:
        self._tell(is_full=False)
        for event in events:
            self._revision = event.revision
            if event.type != "DELETED":
                self._remember(event.revision, event.object)
            for callback in tuple(self._subscribers):
                callback(event)

    def _renew(self, lease: int, ttl_s: float, expires_s: float) -> None:
        mark = checksum(lease, float(ttl_s), float(expires_s))
        self._execute("UPDATE lease SET expires_s = ?, checksum = ? WHERE id = ?", float(expires_s), mark, lease)

    def _lease(self, lease: int) -> float:
        """Its time to live. Raises LeaseNotFound."""
        found = self._row("SELECT ttl_s FROM lease WHERE id = ?", lease)
        if found is None:
            raise LeaseNotFound(lease)
        return float(found[0])

    def _history(self, since: int) -> Iterator[StoreEvent]:
        while True:
            # Asked again for each chunk: who reads slowly past a compaction must hear of it, not miss events.
            self._check_history(since)
            chunk = self._rows(
                """SELECT event.revision, event.type, event.resource, event.namespace, event.name, event.value,
                          before.revision, before.value
                   FROM event LEFT JOIN event AS before ON before.revision = event.previous
                   WHERE event.revision > ? ORDER BY event.revision LIMIT ?""",
                since, _CHUNK,
            )  # fmt: skip
            for at, event_type, resource, namespace, name, value, before_at, before_value in chunk:
                previous = self._decode(before_at, before_value) if before_at is not None else None
                if event_type == "DELETED":
                    assert previous is not None, f"revision {at} deletes what was never there"
                    yield self._deletion(at, (resource, namespace, name), previous)
                else:
                    obj = self._decode(at, value)
                    yield StoreEvent(at, event_type, (resource, namespace, name), obj, previous)
            if len(chunk) < _CHUNK:
                return
            since = chunk[-1][0]

    def _value(self, revision: int) -> JsonObject:
        kept = self._decoded.get(revision)
        if kept is not None:
            return kept
        found = self._row("SELECT value FROM event WHERE revision = ?", revision)
        assert found is not None, f"revision {revision} is live, but has no event"
        return self._decode(revision, found[0])

    def _decode(self, revision: int, value: bytes) -> JsonObject:
        kept = self._decoded.get(revision)
        if kept is None:
            kept = orjson.loads(value)
            self._remember(revision, kept)
        return kept

    def _remember(self, revision: int, obj: JsonObject) -> None:
        self._decoded[revision] = obj
        if len(self._decoded) > _DECODED_MAX:
            del self._decoded[next(iter(self._decoded))]

    def _check_readable(self, revision: int) -> None:
        self._check_history(revision)
        if revision > self._revision:
            raise FutureRevision(revision, self._revision)

    def _check_history(self, since: int) -> None:
        if since < self._compacted:
            raise Compacted(since, self._compacted)


def _stamp(obj: JsonObject, revision: int) -> JsonObject:
    """The object at its new revision; shares everything but its metadata with the old one."""
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
