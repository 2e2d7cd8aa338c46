"""Implementations that break a promise of a pattern, each in one place: what is overridden is the bug.

After real ones where there are: the comments say which. `VIOLATORS` pairs each with its pattern and the promise that it
breaks.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from reference_impl.patterns.commands import Told
from reference_impl.patterns.consistent_core import OneStore
from reference_impl.patterns.election import LEASE_DURATION_S, StoreElection, Term
from reference_impl.patterns.state_watch import Stream, WatchedServer, WatchedStore
from reference_impl.protocol import JsonObject
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Compacted, Key, Page, RevisionMismatch, StoreEvent, revision_of

# ----------------------------------------------------------------------------------------------------- versioned values


class LastWriterWins(MemoryStore):
    """Looks whether there is something, not which version: an update written over another's."""

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None, lease: int | None = None) -> StoreEvent:
        return super().put(key, obj, expected=None if expected and self.get(key) else expected, lease=lease)


class ShowsThePresentForThePast(MemoryStore):
    """A get at a revision answers what is there now."""

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        super().get(key, revision=revision)
        return super().get(key)


class AnswersWhatIsCompacted(MemoryStore):
    """A read before the compaction answers that nothing was there: silent loss instead of an error."""

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        try:
            return super().get(key, revision=revision)
        except Compacted:
            return None


class PagesOfTheMoment(MemoryStore):
    """Later pages of a list show what is there by then: objects missing or twice in a list (a chunked list without
    a continue token's revision)."""

    def list(self, resource: str, namespace: str | None = None, **options: Any) -> Page:
        page = super().list(resource, namespace, **options)
        if options.get("after") is not None:
            options["revision"] = None
            page = Page(super().list(resource, namespace, **options).items, page.revision, page.remaining, page.last)
        return page


# ---------------------------------------------------------------------------------------------------------- state watch


class _Unbounded(Stream):
    def deliver(self, event: StoreEvent) -> None:
        self._waiting.append(event)


class _DropsTheOldest(Stream):
    def deliver(self, event: StoreEvent) -> None:
        if self._buffered_max is not None and len(self._waiting) >= self._buffered_max:
            self._waiting.popleft()
        self._waiting.append(event)


class _WithStreams(WatchedStore):
    stream: type[Stream]

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> Stream:
        stream = super().watch(resource, namespace, since=since, bookmarks=bookmarks)
        stream.__class__ = self.stream
        return stream


class BuffersForEver(_WithStreams):
    """Nobody is cut, whatever waits for him: the server's memory is its slowest client's."""

    stream = _Unbounded


class DropsForTheSlow(_WithStreams):
    """A full buffer loses its oldest event, and the stream goes on as if nothing had happened."""

    stream = _DropsTheOldest


class ResumesTooLate(WatchedStore):
    """Leaves out the first event after the revision that the client names: an off-by-one."""

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> Stream:
        return super().watch(resource, namespace, since=min(since + 1, self.revision), bookmarks=bookmarks)


class BeginsWithAGap(WatchedStore):
    """A watch from what is compacted begins at the oldest event that is left, without a word (etcd#12385)."""

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> Stream:
        since = max(since, self.store.compacted_revision)
        return super().watch(resource, namespace, since=since, bookmarks=bookmarks)


class PromisesBeforeItSends(WatchedServer):
    """A bookmark overtakes the events that wait (etcd#15220)."""

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> Stream:
        stream = super().watch(resource, namespace, since=since, bookmarks=bookmarks)
        read = stream.read

        def bookmarks_first(wait_s: float = 0.0) -> list[StoreEvent]:
            return sorted(read(wait_s), key=lambda event: event.type != "BOOKMARK")

        stream.read = bookmarks_first  # type: ignore[method-assign]
        return stream


# ------------------------------------------------------------------------------------------------------ consistent core


class _FollowerSession:
    """Reads at a follower, which hears of a write when the next one comes."""

    def __init__(self, leader: MemoryStore) -> None:
        self._leader = leader
        self.put, self.delete = leader.put, leader.delete

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        return self._leader.get(key, revision=max(1, self._leader.revision - 1) if revision is None else revision)


class ReadsAtAFollower(OneStore):
    """Session 1's reads are served by a follower that has not caught up (etcd's serializable reads, taken for
    others)."""

    def session(self, number: int) -> Any:
        return _FollowerSession(self.store) if number == 1 else self.store  # type: ignore[arg-type]


class _Primary(MemoryStore):
    """Can lose its newest write."""

    def lose(self) -> None:
        if self.revision > 1:
            event = self._log.pop()
            table = self._tables[event.key[0]]
            versions = table.versions[event.key]
            del versions.revisions[-1], versions.values[-1]
            self._revision -= 1
            if versions.values and versions.values[-1] is not None:
                table.live[event.key] = versions.values[-1]
            else:
                table.live.pop(event.key, None)


class FailsOverWithoutTheNewest(OneStore):
    """When the primary is lost, its newest write is too, though it was acknowledged: replication after the answer."""

    def __init__(self) -> None:
        self.primary = _Primary()
        super().__init__(self.primary)

    def disturb(self, number: int) -> None:
        self.primary.lose()


class SplitsItsBrain(OneStore):
    """After a partition both sides take writes."""

    def __init__(self) -> None:
        super().__init__()
        self.sides = [MemoryStore(), MemoryStore()]
        self.is_split = False

    def session(self, number: int) -> Any:
        return _SplitSession(self, number % 2)

    def disturb(self, number: int) -> None:
        self.is_split = True


class _SplitSession:
    def __init__(self, core: SplitsItsBrain, side: int) -> None:
        self._core, self._side = core, side

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        return self._core.sides[self._side].get(key, revision=revision)

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None) -> StoreEvent:
        return self._both(lambda side: side.put(key, obj, expected=expected))

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        return self._both(lambda side: side.delete(key, expected=expected))

    def _both(self, write: Any) -> StoreEvent:
        mine, other = self._core.sides[self._side], self._core.sides[1 - self._side]
        event: StoreEvent = write(mine)
        if not self._core.is_split:
            write(other)
        return event


# ---------------------------------------------------------------------------------------------------------------- lease


class ComparesClocks(StoreElection):
    """Takes a lease by the time that its holder wrote into it, on the holder's clock (client-go before it noted the
    time of observation)."""

    def try_acquire_or_renew(self, candidate: str, clock_s: float) -> Term | None:
        found = self.store.get(("leases", "", "l"))
        spec = found["spec"] if found is not None else {"holder": "", "at_s": 0.0, "token": 0}
        if spec["holder"] not in ("", candidate) and clock_s < spec["at_s"] + LEASE_DURATION_S:
            return None
        token = spec["token"] if spec["holder"] == candidate else spec["token"] + 1
        record = {"metadata": {}, "spec": {"holder": candidate, "at_s": clock_s, "token": token}}
        try:
            self.store.put(("leases", "", "l"), record, expected=revision_of(found))
        except RevisionMismatch:
            return None
        return Term(token, clock_s + 10.0)

    def release(self, candidate: str, clock_s: float) -> None:
        found = self.store.get(("leases", "", "l"))
        if found is not None and found["spec"]["holder"] == candidate:
            self.store.put(("leases", "", "l"), {"metadata": {}, "spec": {**found["spec"], "holder": ""}})


class DoesNotFence(StoreElection):
    """Writes whatever it is given: a leader that paused writes over its successor's."""

    def write(self, token: int, value: str) -> bool:
        return True


class LeadsToTheEnd(StoreElection):
    """The leader takes the whole duration for itself, and leaves nothing for clocks that run at different rates."""

    def try_acquire_or_renew(self, candidate: str, clock_s: float) -> Term | None:
        held = super().try_acquire_or_renew(candidate, clock_s)
        return Term(held.token, clock_s + LEASE_DURATION_S) if held is not None else None


class HoldsForEver(StoreElection):
    """Who has it keeps it: a crash of the leader is the end of the service."""

    def try_acquire_or_renew(self, candidate: str, clock_s: float) -> Term | None:
        self._observed.clear()  # so that everyone always sees the record for the first time
        return super().try_acquire_or_renew(candidate, clock_s)


# ------------------------------------------------------------------------------------------------- commands and events


class _Values:
    """A right service of its own, small enough to be wrong in one place."""

    rejection = ValueError
    names = {"create": "CREATED", "update": "UPDATED", "delete": "DELETED"}

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.receivers: list[Callable[[Told], None]] = []

    def send(self, verb: str, name: str, value: str | None = None) -> None:
        if (verb == "create") == (name in self.values) or (value or "").startswith("bad"):
            raise ValueError(f"{verb} {name}: no")
        last = self.commit(verb, name, value)
        for receiver in tuple(self.receivers):
            with suppress(Exception):
                receiver(Told(self.names[verb], name, last))

    def commit(self, verb: str, name: str, value: str | None) -> str | None:
        if value is None:
            return self.values.pop(name)
        self.values[name] = value
        return value

    def subscribe(self, callback: Callable[[Told], None]) -> Callable[[], None]:
        self.receivers.append(callback)
        return lambda: self.receivers.remove(callback)

    def state(self) -> dict[str, str]:
        return dict(self.values)


class AsksItsReceivers(_Values):
    """A receiver that fails makes the command fail: an event that can be rejected."""

    def send(self, verb: str, name: str, value: str | None = None) -> None:
        if (verb == "create") == (name in self.values) or (value or "").startswith("bad"):
            raise ValueError(f"{verb} {name}: no")
        last = self.commit(verb, name, value)
        for receiver in tuple(self.receivers):
            receiver(Told(self.names[verb], name, last))


class TellsBeforeItCommits(_Values):
    """The event is out before the value is in: who reads back sees the old one (a dual write in the wrong order)."""

    def send(self, verb: str, name: str, value: str | None = None) -> None:
        before = dict(self.values)
        super().send(verb, name, value)
        after, self.values = self.values, before
        for receiver in tuple(self.receivers):
            with suppress(Exception):
                receiver(Told(self.names[verb], name, value or before[name]))
        self.values = after

    def subscribe(self, callback: Callable[[Told], None]) -> Callable[[], None]:
        told: list[bool] = []

        def second_time_only(event: Told) -> None:
            told.append(True)
            if len(told) % 2 == 0:
                callback(event)

        return super().subscribe(second_time_only)


class CommandsInDisguise(_Values):
    """What is published is the command: receivers hear what should happen, and may take it for a request."""

    names = {"create": "CREATE", "update": "UPDATE", "delete": "DELETE"}


class DeletesInTheEventOnly(_Values):
    """That something is gone is told by the event, and by nothing else."""

    def commit(self, verb: str, name: str, value: str | None) -> str | None:
        return self.values[name] if value is None else super().commit(verb, name, value)


VIOLATORS: tuple[tuple[str, type, tuple[str, ...]], ...] = (
    ("versioned-value", LastWriterWins, ("writes_are_compared_and_swapped",)),
    ("versioned-value", ShowsThePresentForThePast, ("the_past_stays_as_it_was", "compaction_forgets_the_past_only")),
    ("versioned-value", AnswersWhatIsCompacted, ("compaction_forgets_the_past_only",)),
    ("versioned-value", PagesOfTheMoment, ("lists_are_snapshots",)),
    ("state-watch", BuffersForEver, ("slow_readers_are_cut",)),
    ("state-watch", DropsForTheSlow, ("slow_readers_are_cut", "watches_are_reliable", "watches_resume")),
    ("state-watch", ResumesTooLate, ("watches_resume",)),
    ("state-watch", BeginsWithAGap, ("what_is_compacted_is_refused",)),
    ("state-watch", PromisesBeforeItSends, ("bookmarks_promise_what_was_sent",)),
    ("consistent-core", ReadsAtAFollower, ("reads_are_never_stale",)),
    ("consistent-core", FailsOverWithoutTheNewest, ("no_acknowledged_write_is_lost", "one_order_of_revisions")),
    ("consistent-core", SplitsItsBrain, ("one_order_of_revisions", "calls_are_linearizable", "reads_are_never_stale")),
    ("command-and-event", AsksItsReceivers, ("events_cannot_be_rejected",)),
    ("command-and-event", TellsBeforeItCommits, ("events_tell_of_committed_state",)),
    ("command-and-event", CommandsInDisguise, ("events_are_named_in_the_past_tense",)),
    ("command-and-event", DeletesInTheEventOnly, ("an_accepted_command_has_happened",)),
    ("lease", ComparesClocks, ("at_most_one_leader",)),
    ("lease", DoesNotFence, ("late_writes_are_fenced",)),
    ("lease", LeadsToTheEnd, ("at_most_one_leader",)),
    ("lease", HoldsForEver, ("an_abandoned_lease_comes_free",)),
)
"""(pattern, implementation, promises of which at least one must be found broken)"""
