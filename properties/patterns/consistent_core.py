"""Pattern 6, consistent core: however many clients and members there are, the store behaves as one map that is used one
call at a time.

Tried by several sessions, each perhaps at another member, that call one after the other or several at once. What they
saw is judged in two ways that need not trust each other: a search for an order in which it could have happened
(`properties.linearizability`, for any store), and the store's own order, by its revisions.

Reads that name a revision ask for the past and get it; only those may be stale.
"""

from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from time import monotonic
from types import MappingProxyType
from typing import Any, Final, Protocol, cast

from harness.pattern import ANSWERS, Claims, Promise
from properties.linearizability import Operation, Register, Verdict, judge
from properties.patterns.versioned_value import RESOURCE
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Compacted, FutureRevision, Key, RevisionMismatch, StoreEvent, revision_of

SESSIONS_MAX: Final = 3
KEYS: Final = ("x", "y")
SEARCH_MAX_S: Final = 30.0

_ETCD = "https://etcd.io/docs/v3.6/learning/api_guarantees/"
_FOWLER = "https://martinfowler.com/articles/patterns-of-distributed-systems/consistent-core.html"
_WING = "Herlihy and Wing, Linearizability (1990), https://dl.acm.org/doi/10.1145/78969.78972"


class CoreSession(Protocol):
    """One client's connection, to whichever member. Values and errors as in `VersionedValues`.

    A call that may or may not have had its effect raises an exception whose `definite` is False; True: it certainly had
    none.
    """

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None: ...

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None) -> StoreEvent: ...

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent: ...


class ConsistentCore(Protocol):
    """A replicated store, seen through sessions.

    Optional members: `concurrent` (True: sessions may be used from several threads at once; else calls come one after
    the other); `disturb(number)`: kill, cut off or pause a member, whichever the number says, and let it come back by
    itself.
    """

    def session(self, number: int) -> CoreSession:
        """A connection, from 0; another number should mean another member, as far as there are several."""


PROMISES: Final = (
    Promise(
        name="calls_are_linearizable",
        says="What all sessions saw could have happened one call at a time, each between its call and its answer.",
        source=f"{_WING}; {_ETCD} (linearizability); {_FOWLER}",
        voided_by=("histories too hard to decide in the time limit: unknown, not kept",),
    ),
    Promise(
        name="no_acknowledged_write_is_lost",
        says="What was acknowledged can be read by every session, until somebody overwrites it.",
        source=f"{_ETCD} (durability)",
    ),
    Promise(
        name="reads_are_never_stale",
        says="A read that names no revision shows the newest acknowledged state, at whichever member.",
        source=f"{_ETCD} (linearizable reads); kubernetes KEP-2340",
        voided_by=("a read that names a revision",),
    ),
    Promise(
        name="one_order_of_revisions",
        says="No revision is given to two writes, and a write that began after another was answered has the later one.",
        source=f"{_ETCD} (strict serializability)",
    ),
    Promise(
        name="the_past_is_the_same_for_all",
        says="A read at a revision shows what was written at it, at every member.",
        source=f"{_ETCD}; https://etcd.io/docs/v3.6/learning/data_model/",
        voided_by=("compaction",),
    ),
    Promise(
        name=ANSWERS,
        says="Each call answers, or raises what the port names.",
        source="seatrial.patterns.ConsistentCore",
    ),
)


class ConsistentCorePattern:
    """See the module."""

    name: str = "consistent-core"
    says: str = "many clients, several members, one history: reads and writes are linearizable"
    target: str = "ConsistentCore: a store with sessions"
    promises: Sequence[Promise] = PROMISES
    port: type = ConsistentCore
    fields: Mapping[str, Sequence[str]] = MappingProxyType(
        {
            "read": ("who", "name"),
            "write": ("who", "name"),
            "swap": ("who", "name"),
            "remove": ("who", "name"),
            "at_once": ("calls",),
            "disturb": ("number",),
        }
    )

    def not_applicable(self, instance: Any) -> Sequence[str]:
        return ()

    def operations(self) -> Any:
        from hypothesis import strategies as st

        who = {"who": st.integers(0, SESSIONS_MAX - 1), "name": st.integers(0, 1)}
        call = st.one_of(
            st.fixed_dictionaries({"do": st.just("read"), **who}),
            st.fixed_dictionaries({"do": st.just("write"), **who}),
            st.fixed_dictionaries({"do": st.just("swap"), **who}),
            st.fixed_dictionaries({"do": st.just("remove"), **who}),
        )
        at_once = st.fixed_dictionaries({"do": st.just("at_once"), "calls": st.lists(call, min_size=2, max_size=3)})
        disturb = st.fixed_dictionaries({"do": st.just("disturb"), "number": st.integers(0, 7)})
        return st.one_of(call, call, call, at_once, disturb)

    def begin(self, instance: ConsistentCore) -> "Sessions":
        return Sessions(instance)

    def shown(self, operation: JsonObject) -> str:
        if operation["do"] == "at_once":
            return "at once: " + "; ".join(self.shown(call) for call in operation["calls"])
        if operation["do"] == "disturb":
            return f"a member is disturbed (number {operation['number']})"
        words = {
            "read": "reads {}",
            "write": "writes {}",
            "swap": "reads {}, and writes it if it is still the same",
            "remove": "reads {}, and deletes it if it is still the same",
        }
        return f"session {operation['who']} {words[operation['do']].format(KEYS[operation['name'] % 2])}"


class Sessions:
    """One schedule. Values are numbers that are written only once, so that whoever reads one knows who wrote it."""

    def __init__(self, core: ConsistentCore) -> None:
        self.claims = Claims()
        self.core = core
        self._sessions = [core.session(number) for number in range(SESSIONS_MAX)]
        self._history: list[Operation] = []
        self._revisions: list[tuple[int, float, float, str, int | None]] = []
        """(revision, called, returned, key, value) of acknowledged writes."""
        self._ticks = count(1)
        self._numbers = count(1)
        self._is_concurrent = bool(getattr(core, "concurrent", False))

    def do(self, operation: JsonObject) -> None:
        if operation["do"] == "disturb":
            disturb = getattr(self.core, "disturb", None)
            if disturb is not None:
                disturb(operation["number"])
        elif operation["do"] != "at_once":
            self._call(operation)
        elif self._is_concurrent:
            calls = {call["who"]: call for call in operation["calls"]}  # a session makes one call at a time
            with ThreadPoolExecutor(len(calls)) as pool:
                for done in [pool.submit(self._call, call) for call in calls.values()]:
                    done.result()
        else:
            for call in operation["calls"]:
                self._call(call)

    def end(self) -> None:
        for number in range(SESSIONS_MAX):
            for name in range(2):
                self._call({"do": "read", "who": number, "name": name})
        self._judge_revisions()
        self._judge_order()
        self._judge_past()

    # --------------------------------------------------------------------------------------------------------- calling

    def _call(self, call: JsonObject) -> None:
        session, name = self._sessions[call["who"] % SESSIONS_MAX], KEYS[call["name"] % 2]
        if call["do"] == "write":
            value = next(self._numbers)
            self._observed(call, name, "write", value, lambda: session.put(_key(name), _obj(name, value)), value)
            return
        found = self._observed(call, name, "read", None, lambda: session.get(_key(name)))
        if call["do"] == "read" or found is _NOTHING:
            return
        before, revision = _value(found), revision_of(found)
        if call["do"] == "swap":
            value = next(self._numbers)
            swap = lambda: session.put(_key(name), _obj(name, value), expected=revision)  # noqa: E731
            self._observed(call, name, "swap", (before, value), swap, value)
        elif found is not None:
            remove = lambda: session.delete(_key(name), expected=revision)  # noqa: E731
            self._observed(call, name, "swap", (before, None), remove, None)

    def _observed(
        self, call: JsonObject, name: str, operation: str, argument: Hashable, send: Any, value: int | None = None
    ) -> Any:
        """Note the call and what came of it; answers what a read found."""
        called = self._now()
        client = f"session {call['who'] % SESSIONS_MAX}"
        result: Hashable
        try:
            answer = send()
        except RevisionMismatch as lost:
            result, answer = (False, _value(lost.current)), None
        # Whatever says of itself whether it was definite is an answer that the port allows.
        except Exception as error:
            if not hasattr(error, "definite"):
                raise
            if not error.definite:
                self._history.append(
                    Operation(client=client, key=name, name=operation, argument=argument, called=called)
                )
            return _NOTHING
        else:
            result = _value(answer) if operation == "read" else True if operation == "swap" else None
        returned = self._now()
        if isinstance(answer, StoreEvent) or hasattr(answer, "revision"):
            self._revisions.append((answer.revision, called, returned, name, value))
        self._history.append(
            Operation(
                client=client,
                key=name,
                name=operation,
                argument=argument,
                result=result,
                called=called,
                returned=returned,
            )
        )
        return answer

    def _now(self) -> float:
        """On one clock for all sessions. Where calls come one after the other, counting is enough, and the same every
        time."""
        return monotonic() if self._is_concurrent else float(next(self._ticks))

    # --------------------------------------------------------------------------------------------------------- judging

    def _judge_revisions(self) -> None:
        promise = "one_order_of_revisions"
        by_revision: dict[int, str] = {}
        for revision, _, _, name, _ in self._revisions:
            self.claims.that(promise, revision not in by_revision, f"revision {revision} was given to two writes")
            by_revision[revision] = name
        latest_answered = 0
        answered = sorted((returned, revision) for revision, _, returned, _, _ in self._revisions)
        for revision, called, _, name, _ in sorted(self._revisions, key=lambda write: write[1]):
            while answered and answered[0][0] < called:
                latest_answered = max(latest_answered, answered.pop(0)[1])
            reason = f"a write of {name} got revision {revision}, though {latest_answered} was answered before it began"
            self.claims.that(promise, revision > latest_answered, reason)

    def _judge_past(self) -> None:
        for revision, _, _, name, value in self._revisions:
            for session in self._sessions:
                promise, what = "the_past_is_the_same_for_all", f"{name} at revision {revision}"
                try:
                    found = _value(session.get(_key(name), revision=revision))
                except Compacted:
                    continue
                except FutureRevision as error:
                    self.claims.that(promise, False, f"{what}, which was acknowledged, is refused: {error}")
                    continue
                except Exception as error:
                    if not hasattr(error, "definite"):
                        raise
                    continue
                self.claims.equal(promise, found, value, what)

    def _judge_order(self) -> None:
        judgement = judge(self._history, Register(), within_s=SEARCH_MAX_S)
        if judgement.verdict is Verdict.UNKNOWN:
            return
        if judgement.verdict is Verdict.NOT_LINEARIZABLE:
            told = "; ".join(_told(operation) for operation in judgement.stuck)
            self.claims.that(
                self._cause(judgement.stuck), False, f"{judgement.key}: none of these could be next: {told}"
            )
        for promise in ("calls_are_linearizable", "no_acknowledged_write_is_lost", "reads_are_never_stale"):
            self.claims.that(promise, True, "")

    def _cause(self, stuck: Sequence[Operation]) -> str:
        """Which promise it is, where one read says so: of what had been overwritten, or of what never comes back."""
        if len(stuck) != 1 or stuck[0].name != "read":
            return "calls_are_linearizable"
        read = stuck[0]
        newest = self._newest_write_before(read)
        # Values are counted as they are written: one that is as high is that write's, or a later one's.
        shown = [cast("int", each.result or 0) for each in self._history if _is_read_since(each, read)]
        return "no_acknowledged_write_is_lost" if newest and max(shown) < newest else "reads_are_never_stale"

    def _newest_write_before(self, read: Operation) -> int | None:
        """The value that was acknowledged last before a read was called; None: none, or a deletion."""
        newest: tuple[float, int | None] = (0.0, None)
        for each in self._history:
            is_write = each.key == read.key and each.name != "read" and each.result in (None, True)
            if is_write and newest[0] < each.returned < read.called:
                value = each.argument[1] if isinstance(each.argument, tuple) else each.argument
                newest = (each.returned, cast("int | None", value))
        return newest[1]


_NOTHING: Final = object()


def _key(name: str) -> Key:
    return (RESOURCE, "a", name)


def _obj(name: str, value: int) -> JsonObject:
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"namespace": "a", "name": name},
        "data": {"n": str(value)},
    }


def _value(found: JsonObject | None) -> int | None:
    return int(found["data"]["n"]) if found is not None else None


def _is_read_since(operation: Operation, read: Operation) -> bool:
    return operation.name == "read" and operation.key == read.key and operation.called >= read.called


def _told(operation: Operation) -> str:
    if operation.name == "read":
        return f"{operation.client} read {operation.result}"
    if operation.name == "write":
        return f"{operation.client} wrote {operation.argument}"
    return f"{operation.client} swapped {operation.argument}: {operation.result}"
