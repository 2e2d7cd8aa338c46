"""The consistent core in a real etcd, behind the same synchronous port.

etcd is asynchronous and shared, the port is neither. What brings them together is one rule: **no call returns before
subscribers have heard everything up to the revision that it answers from.** A call blocks, for a bounded time, on its
request and then on the watch (`etcd_watch.py`), and what is heard is delivered in the caller's thread, in order. So the
API server's code path is the one of the other stores: its watch cache is never behind an answer that it gave, whoever
else writes to this etcd. Events of others are heard in the next call; a host that wants them at once passes
`on_heard`, which a thread calls, and then calls `deliver` in its own.

The price is a blocked caller: `seatrial serve` uses this store, a simulation never does. A real server would hide the
round trips behind threads; a reference server that answers one request at a time needs not.

Reads and writes are linearizable: etcd's reads are quorum reads unless asked otherwise. Leases are etcd's own: they run
out by etcd's clock, not by the caller's, and its deletion of all their keys is *one* revision with several events.

If others compact what was not heard yet, `on_gap` is called, for the host to fill its caches anew
(`ApiServer.restart`); `compacted_revision` is what this store last knew of others' compactions.

Sources: etcd API guarantees; Kubernetes `storage/etcd3/store.go`, `compact.go`.
"""

import ssl
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from time import monotonic
from typing import Any, Final

from reference_impl.protocol import JsonObject
from reference_impl.store.etcd_gateway import Endpoints, Gateway, Refused
from reference_impl.store.etcd_keys import KeySpace, stamped, stored, text, value_of
from reference_impl.store.etcd_tls import advice
from reference_impl.store.etcd_watch import Follower, Heard
from reference_impl.store.lease import LeaseNotFound
from reference_impl.store.port import (
    Compacted,
    FutureRevision,
    Key,
    Page,
    RevisionMismatch,
    StoreEvent,
    StoreUnavailable,
    StoreUnusable,
)

LAYOUT: Final = b"seatrial store 1"
"""What the marker key says: another number is another layout of keys and values."""


class EtcdStore:
    """`Store` and `Leasing` in an etcd of version 3.4 or later; used by one thread.

    Args:
        endpoints: addresses of members, such as `http://127.0.0.1:2379`.
        prefix: what the keys of this store begin with.
        timeout_s: how long a call may take, in seconds of real time.
        context: for https endpoints.
        on_gap: called when events were compacted before they were heard; None: that call raises StoreUnavailable. Where
            it raises StoreUnavailable itself, so does every call until it has been called once more and did not.
        on_heard: called in another thread when `deliver` has something to do.

    Raises:
        StoreUnusable: nobody answers, or the prefix is used by something else.
    """

    def __init__(
        self,
        endpoints: Sequence[str],
        *,
        prefix: str = "/seatrial",
        timeout_s: float = 5.0,
        context: ssl.SSLContext | None = None,
        on_gap: Callable[[], None] | None = None,
        on_heard: Callable[[], None] | None = None,
    ) -> None:
        addresses = Endpoints(endpoints, context)
        self.on_gap = on_gap
        self._gateway = Gateway(addresses, timeout_s)
        self._keys = KeySpace(prefix)
        self._subscribers: list[Callable[[StoreEvent], None]] = []
        self._pending: deque[StoreEvent] = deque()
        self._is_delivering = False
        self._has_gap = False
        self._newest: StoreEvent | None = None
        self._compacted = 0
        try:
            self._revision = self._mark(prefix)
            self._compacted = self._find_compacted()
        except StoreUnavailable as error:
            self._gateway.close()
            raise StoreUnusable(f"{error}; {advice(str(error))}") from None
        except StoreUnusable:
            self._gateway.close()
            raise
        self._follower = Follower(addresses.copy(), self._revision, on_heard)

    @property
    def on_heard(self) -> Callable[[], None] | None:
        return self._follower.on_heard

    @on_heard.setter
    def on_heard(self, callback: Callable[[], None] | None) -> None:
        self._follower.on_heard = callback

    def close(self) -> None:
        """Idempotent."""
        self._follower.close()
        self._gateway.close()

    def deliver(self) -> None:
        """Tell subscribers what has been heard meanwhile. Blocks only where a gap must be filled."""
        if not self._is_delivering:
            self._deliver_pending()
            self._fill_gap()
            while (heard := self._follower.take(0)) is not None:
                self._take_in(heard)

    @property
    def revision(self) -> int:
        if self._is_delivering:
            return self._revision
        answer = self._ask("kv/range", {"key": self._keys.marker, "count_only": True})
        self._catch_up(answer)
        return self._revision

    @property
    def compacted_revision(self) -> int:
        return self._compacted

    def resources(self) -> list[str]:
        """Resources of which anything is stored now, sorted."""
        first, end = self._keys.bounds(None, None, None)
        answer = self._ask("kv/range", {"key": first, "range_end": end, "keys_only": True})
        self._catch_up(answer)
        keys = [self._keys.decoded(found["key"]) for found in answer.get("kvs", ())]
        return sorted({key[0] for key in keys if key is not None})

    # -------------------------------------------------------------------------------------------------------- reading

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        answer = self._read({"key": self._keys.encoded(key)}, revision)
        return stored(answer["kvs"][0]) if answer.get("kvs") else None

    def list(
        self,
        resource: str,
        namespace: str | None = None,
        *,
        revision: int | None = None,
        limit: int | None = None,
        after: Key | None = None,
    ) -> Page:
        first, end = self._keys.bounds(resource, namespace, after)
        answer = self._read({"key": first, "range_end": end, "limit": limit or 0}, revision)
        found = answer.get("kvs", [])
        last = self._keys.decoded(found[-1]["key"]) if found else None
        at = revision or int(answer["header"]["revision"])
        return Page([stored(each) for each in found], at, int(answer.get("count", 0)) - len(found), last)

    def events(self, since: int) -> Iterator[StoreEvent]:
        if since < self._compacted:
            raise Compacted(since, self._compacted)
        return self._history(since, self.revision)

    # -------------------------------------------------------------------------------------------------------- writing

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None, lease: int | None = None) -> StoreEvent:
        raw = self._keys.encoded(key)
        request = {"key": raw, "value": value_of(obj), "lease": lease or 0, "prev_kv": True}
        compare = [] if expected is None else [_at_revision(raw, expected)]
        try:
            answer = self._write(key, compare, {"request_put": request}, expected)
        except Refused as refused:
            if lease is not None and refused.is_lease_not_found:
                raise LeaseNotFound(lease) from None
            raise
        revision = int(answer["header"]["revision"])
        if (event := self._heard(revision, key)) is not None:
            return event
        before = answer["responses"][0]["response_put"].get("prev_kv")
        previous = stored(before) if before else None
        return StoreEvent(revision, "MODIFIED" if before else "ADDED", key, stamped(obj, revision), previous)

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        raw = self._keys.encoded(key)
        compare = [{"key": raw, "target": "VERSION", "result": "GREATER", "version": 0}]
        if expected is not None:
            compare.append(_at_revision(raw, expected))
        answer = self._write(key, compare, {"request_delete_range": {"key": raw, "prev_kv": True}}, expected)
        revision = int(answer["header"]["revision"])
        if (event := self._heard(revision, key)) is not None:
            return event
        previous = stored(answer["responses"][0]["response_delete_range"]["prev_kvs"][0])
        return StoreEvent(revision, "DELETED", key, stamped(previous, revision), previous)

    def subscribe(self, callback: Callable[[StoreEvent], None]) -> Callable[[], None]:
        self._subscribers.append(callback)

        def stop() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return stop

    def compact(self, revision: int) -> None:
        """Raises Compacted if that was done up to a later revision already, FutureRevision beyond the newest one."""
        # Heard first: the previous value of an event that is still on its way would be gone with the compaction.
        newest = self.revision
        if revision > newest:
            raise FutureRevision(revision, newest)
        try:
            self._gateway.call("kv/compaction", {"revision": revision, "physical": True}, is_safe=True)
            self._compacted = max(self._compacted, revision)
        except Refused:
            # etcd refuses the same revision twice too, which is no error here, and may be this very call, retried.
            self._compacted = self._find_compacted()
            if revision < self._compacted:
                raise Compacted(revision, self._compacted) from None

    # --------------------------------------------------------------------------------------------------------- leases

    def grant(self, ttl_s: float, *, now_s: float = 0.0) -> int:
        """A lease that runs out by itself, by etcd's clock; etcd raises times below its election time-out."""
        # Granted twice, the one that nobody knows of runs out with no keys.
        return int(self._gateway.call("lease/grant", {"TTL": ceil(ttl_s)}, is_safe=True)["ID"])

    def keep_alive(self, lease: int, now_s: float) -> float:
        """Renew it for its full time; answers when it will run out if it is `now_s` now. Raises LeaseNotFound."""
        answer = self._gateway.call("lease/keepalive", {"ID": lease}, is_safe=True)
        ttl_s = int(answer.get("result", {}).get("TTL", 0))
        if ttl_s <= 0:
            raise LeaseNotFound(lease)
        return now_s + ttl_s

    def revoke(self, lease: int) -> int:
        """End it and delete its keys; answers how many there were. Raises LeaseNotFound."""
        attached = self._ask("lease/timetolive", {"ID": lease, "keys": True}).get("keys", [])
        try:
            answer = self._gateway.call("lease/revoke", {"ID": lease}, is_safe=False)
        except Refused:
            raise LeaseNotFound(lease) from None
        self._catch_up(answer, was_write=True)
        return len(attached)

    def expire(self, now_s: float) -> int:
        """Nothing to do: etcd ends its leases itself. What it ended since the last call is heard now."""
        self.deliver()
        return 0

    # --------------------------------------------------------------------------------------------------------- asking

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._gateway.call(path, body, is_safe=True)

    def _read(self, request: dict[str, Any], revision: int | None) -> dict[str, Any]:
        if revision is not None and revision < self._compacted:
            raise Compacted(revision, self._compacted)
        try:
            answer = self._ask("kv/range", {**request, "revision": revision or 0})
        except Refused as refused:
            if revision is not None and refused.is_compacted:
                self._compacted = self._find_compacted()
                raise Compacted(revision, self._compacted) from None
            if revision is not None and refused.is_future:
                raise FutureRevision(revision, self.revision) from None
            raise
        self._catch_up(answer)
        return answer

    def _write(
        self, key: Key, compare: Sequence[dict[str, Any]], request: dict[str, Any], expected: int | None
    ) -> dict[str, Any]:
        """A transaction of one write. Raises RevisionMismatch if a comparison fails."""
        assert not self._is_delivering, f"{key} is written inside a subscriber's callback"
        instead = {"request_range": {"key": self._keys.encoded(key)}}
        answer = self._gateway.call(
            "kv/txn", {"compare": list(compare), "success": [request], "failure": [instead]}, is_safe=False
        )
        self._catch_up(answer, was_write=bool(answer.get("succeeded")))
        if not answer.get("succeeded"):
            found = answer["responses"][0]["response_range"].get("kvs")
            raise RevisionMismatch(key, expected or 0, stored(found[0]) if found else None)
        return answer

    def _mark(self, prefix: str) -> int:
        """Write or check the marker; answers the newest revision."""
        key = self._keys.marker
        first, end = self._keys.bounds(None, None, None)
        request = {
            "compare": [{"key": key, "target": "VERSION", "version": 0}],
            "success": [{"request_range": {"key": first, "range_end": end, "limit": 1}}],
            "failure": [{"request_range": {"key": key}}],
        }
        answer = self._ask("kv/txn", request)
        found = answer["responses"][0]["response_range"].get("kvs", [])
        if not answer.get("succeeded"):
            if found[0]["value"] != text(LAYOUT):
                raise StoreUnusable(
                    f"etcd's key {prefix!r} is another program's, or a newer seatrial's; give another prefix"
                )
            return int(answer["header"]["revision"])
        if found:
            raise StoreUnusable(f"etcd has keys under {prefix!r} that no seatrial wrote; give another prefix")
        # Put twice, it says the same.
        return int(self._ask("kv/put", {"key": key, "value": text(LAYOUT)})["header"]["revision"])

    def _find_compacted(self) -> int:
        """etcd tells its compacted revision only to a watch that begins before it."""
        probe = Follower(self._gateway.endpoints.copy(), 0)
        try:
            heard = probe.wait(monotonic() + self._gateway.timeout_s)
        finally:
            probe.close()
        if heard is None:
            raise StoreUnavailable("etcd does not answer a watch", definite=True)
        return heard.revision if heard.is_gap else 0

    # -------------------------------------------------------------------------------------------------------- hearing

    def _catch_up(self, answer: dict[str, Any], *, was_write: bool = False) -> None:
        """Deliver everything up to the answer's revision."""
        if self._is_delivering:
            return
        self._deliver_pending()
        self._fill_gap()
        revision = int(answer["header"]["revision"])
        deadline = monotonic() + self._gateway.timeout_s
        while self._revision < revision:
            heard = self._follower.wait(deadline)
            if heard is None:
                raise StoreUnavailable(
                    f"etcd ({self._gateway.endpoints}) is at revision {revision}, its watch still at {self._revision}",
                    definite=not was_write,
                )
            self._take_in(heard)

    def _take_in(self, heard: Heard) -> None:
        try:
            events = [] if heard.is_gap else [self._keys.event(raw) for raw in heard.events]
            is_gap = heard.is_gap
        except Compacted:
            events, is_gap = [], True
        self._pending.extend(event for event in events if event is not None)
        self._deliver_pending()
        self._revision = max(self._revision, heard.revision)
        if is_gap:
            self._has_gap = True
            self._fill_gap()

    def _fill_gap(self) -> None:
        if not self._has_gap:
            return
        # What `on_gap` asks of this store must not come here again; what it could not do is done by the next call.
        self._has_gap = False
        try:
            self._compacted = max(self._compacted, self._find_compacted())
            if self.on_gap is not None:
                self.on_gap()
        except StoreUnavailable:
            self._has_gap = True
            raise
        if self.on_gap is None:
            raise StoreUnavailable(
                f"events up to revision {self._revision} were compacted before they were heard; fill caches anew",
                definite=False,
            )

    def _deliver_pending(self) -> None:
        self._is_delivering = True
        try:
            while self._pending:
                # Taken out first: what a callback raises must not make the next call deliver the event again.
                event = self._newest = self._pending.popleft()
                self._revision = event.revision
                for callback in tuple(self._subscribers):
                    callback(event)
        finally:
            self._is_delivering = False

    def _heard(self, revision: int, key: Key) -> StoreEvent | None:
        """The event as subscribers got it, unless others wrote since or its history is gone."""
        event = self._newest
        return event if event is not None and (event.revision, event.key) == (revision, key) else None

    def _history(self, since: int, newest: int) -> Iterator[StoreEvent]:
        if since >= newest:
            return
        reader = Follower(self._gateway.endpoints.copy(), since)
        try:
            while since < newest:
                heard = reader.wait(monotonic() + self._gateway.timeout_s)
                if heard is None:
                    raise StoreUnavailable("etcd does not answer a watch", definite=True)
                if heard.is_gap:
                    self._compacted = max(self._compacted, heard.revision)
                    raise Compacted(since, self._compacted)
                for raw in heard.events:
                    event = self._keys.event(raw)
                    if event is not None and event.revision <= newest:
                        yield event
                since = heard.revision
        finally:
            reader.close()


def _at_revision(key: str, revision: int) -> dict[str, Any]:
    return {"key": key, "target": "MOD", "mod_revision": revision}
