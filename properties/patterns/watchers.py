"""Several clients of a `StateWatch`, each beside what it is due: one schedule of pattern 4."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from harness.pattern import Claims
from properties.patterns.model import History
from properties.patterns.versioned_value import NAMESPACES, RESOURCE, key_of
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Compacted, Key

if TYPE_CHECKING:
    from properties.patterns.state_watch import OpenWatch, StateWatch

WATCHES_MAX: Final = 3
WAIT_S: Final = 5.0
"""Real seconds for an event that is due. An implementation in process has delivered by the time the write returns."""

_Due = tuple[int, str, Key, JsonObject]
"""(revision, type, key, object)"""


@dataclass(slots=True)
class _Client:
    """One client: its stream, how far it has come, and its view of the state."""

    namespace: str | None
    position: int
    stream: "OpenWatch | None" = None
    is_fresh: bool = True
    """Nothing has been read since the stream was opened."""
    was_slow: bool = False
    """It did not read though more was written than may wait for it: its stream may be cut."""
    seen: set[int] = field(default_factory=set)
    view: dict[Key, JsonObject] = field(default_factory=dict)


class Watchers:
    """See the module."""

    def __init__(self, server: "StateWatch") -> None:
        self.claims = Claims()
        self.server = server
        self.history = History(server.revision)
        self._facts: list[_Due] = []
        self._clients: list[_Client] = []
        self._written_count = 0

    def do(self, operation: JsonObject) -> None:
        getattr(self, f"_{operation['do']}")(operation)

    def end(self) -> None:
        """Everybody comes back, catches up, and must know the state."""
        for client in self._clients:
            if client.stream is None or client.stream.is_cut:
                self._reopen(client)
            self._drain(client)
            if client.stream is None or client.stream.is_cut:  # cut for not having read: once more
                self._reopen(client)
                self._drain(client)
            expected = {key: value for key, value in self._state().items() if client.namespace in (None, key[1])}
            self.claims.equal("views_equal_the_state", client.view, expected, f"a client's view of {_shown(client)}")
            self._hang_up_client(client)

    # --------------------------------------------------------------------------------------------------------- writing

    def _put(self, operation: JsonObject) -> None:
        key = key_of(operation)
        self._written_count += 1
        metadata = {"namespace": key[1], "name": key[2]}
        data = {"n": str(self._written_count)}
        before = self.history.now(key).value
        event = self.server.put(key, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        self._note("ADDED" if before is None else "MODIFIED", key, event.revision, event.object)

    def _delete(self, operation: JsonObject) -> None:
        key = key_of(operation)
        if self.history.now(key).value is not None:
            event = self.server.delete(key)
            self._note("DELETED", key, event.revision, event.object)

    def _note(self, kind: str, key: Key, revision: int, obj: JsonObject) -> None:
        self.history.newest = revision - 1
        self.history.put(key, None if kind == "DELETED" else obj)
        self._facts.append((revision, kind, key, obj))

    def _state(self) -> dict[Key, JsonObject]:
        state: dict[Key, JsonObject] = {}
        for fact in self._facts:
            _apply(state, fact)
        return state

    # -------------------------------------------------------------------------------------------------------- watching

    def _open(self, operation: JsonObject) -> None:
        if len(self._clients) == WATCHES_MAX:
            return
        client = _Client(None if operation["all"] else NAMESPACES[0], self.history.back(operation["back"]))
        client.view = {}
        for fact in self._facts:
            if fact[0] <= client.position and client.namespace in (None, fact[2][1]):
                _apply(client.view, fact)
        self._clients.append(client)
        self._reopen(client)

    def _client(self, operation: JsonObject) -> _Client | None:
        return self._clients[operation["who"] % len(self._clients)] if self._clients else None

    def _read(self, operation: JsonObject) -> None:
        client = self._client(operation)
        if client is not None and client.stream is not None:
            self._drain(client)

    def _hang_up(self, operation: JsonObject) -> None:
        client = self._client(operation)
        if client is not None:
            self._hang_up_client(client)

    def _hang_up_client(self, client: _Client) -> None:
        if client.stream is not None:
            client.stream.close()
            client.stream = None

    def _resume(self, operation: JsonObject) -> None:
        client = self._client(operation)
        if client is not None:
            self._reopen(client)

    def _relist(self, operation: JsonObject) -> None:
        client = self._client(operation)
        if client is not None:
            self._hang_up_client(client)
            self._list_again(client)
            self._reopen(client)

    def _reopen(self, client: _Client) -> None:
        """From where it was; if that is compacted, by listing again."""
        self._hang_up_client(client)
        promise = "what_is_compacted_is_refused"
        if client.position < self.history.compacted:
            try:
                client.stream = self._opened(client)
            except Compacted:
                self.claims.that(promise, True, "")
                self._list_again(client)
            else:
                reason = f"a watch from {client.position}, compacted up to {self.history.compacted}, was opened"
                self.claims.that(promise, False, reason)
        if client.stream is None:
            try:
                client.stream = self._opened(client)
            except Compacted as error:
                self.claims.that("watches_resume", False, f"a watch from {client.position} was refused: {error}")
        client.is_fresh, client.was_slow = True, False

    def _opened(self, client: _Client) -> "OpenWatch":
        return self.server.watch(
            RESOURCE, client.namespace, since=client.position, bookmarks=hasattr(self.server, "progress")
        )

    def _list_again(self, client: _Client) -> None:
        page = self.server.list(RESOURCE, client.namespace)
        listed = {(RESOURCE, o["metadata"]["namespace"], o["metadata"]["name"]): o for o in page.items}
        expected = {key: value for key, value in self._state().items() if client.namespace in (None, key[1])}
        self.claims.equal("views_equal_the_state", listed, expected, f"a list of {_shown(client)}")
        client.view, client.position = listed, page.revision

    # --------------------------------------------------------------------------------------------------------- reading

    def _drain(self, client: _Client) -> None:
        """Reads until everything due has come, or nothing more does."""
        assert client.stream is not None
        requests = getattr(self.server, "requests", None)
        due = self._due(client)
        pending = len(due)
        allowed = client.was_slow or self._may_be_cut(pending) or client.position < self.history.compacted
        while True:
            events = client.stream.read(WAIT_S if due and not client.stream.is_cut else 0.0)
            for number, event in enumerate(events):
                later = {each.revision for each in events[number + 1 :] if each.type != "BOOKMARK"}
                self._take(client, event, due, later)
            if not events or not due:
                break
        if requests is not None:
            self.claims.equal("watching_is_not_polling", self.server.requests, requests, "requests after reading")  # type: ignore[attr-defined]
        if due and client.stream.is_cut and allowed:
            return
        promise = "watches_resume" if client.is_fresh and pending else "watches_are_reliable"
        missing = f"{_event(due[0])} never came" if due else ""
        is_cut = ", and the stream ended though its reader was not slow" if client.stream.is_cut else ""
        self.claims.that(promise, not due, f"watch of {_shown(client)}: {missing}{is_cut}")
        client.is_fresh = client.is_fresh and not pending

    def _due(self, client: _Client) -> list[_Due]:
        return [f for f in self._facts if f[0] > client.position and client.namespace in (None, f[2][1])]

    def _take(self, client: _Client, event: Any, due: list[_Due], later: set[int]) -> None:
        whose = f"watch of {_shown(client)}"
        if event.type == "BOOKMARK":
            first = due[0] if due else None
            kept = event.revision <= self.history.newest and (first is None or event.revision < first[0])
            what = f"{_event(first)} had not been sent" if first else f"the server is at {self.history.newest}"
            self.claims.that("bookmarks_promise_what_was_sent", kept, f"{whose}: bookmark {event.revision}, but {what}")
            client.position = max(client.position, event.revision)
            return
        shown = f"{event.type} {event.key[1]}/{event.key[2]} at {event.revision}"
        self.claims.that("watches_are_unique", event.revision not in client.seen, f"{whose}: {shown} came again")
        ordered = event.revision > client.position and not any(
            fact[0] in later for fact in due if fact[0] < event.revision
        )
        self.claims.that("watches_are_ordered", ordered, f"{whose}: {shown} came out of order, after {client.position}")
        fact = next((fact for fact in due if fact[0] == event.revision), None)
        if fact is None:
            self.claims.that("events_are_whole_facts", False, f"{whose}: {shown}, which was never committed there")
            return
        promise = "watches_resume" if client.is_fresh else "watches_are_reliable"
        self.claims.that(promise, fact is due[0], f"{whose}: {shown} came, but {_event(due[0])} was left out")
        told = (event.revision, event.type, event.key, event.object)
        self.claims.equal("events_are_whole_facts", told, fact, f"{whose}: an event")
        del due[0]
        client.is_fresh = False
        client.position = event.revision
        client.seen.add(event.revision)
        _apply(client.view, fact)

    # ----------------------------------------------------------------------------------------------------- being rough

    def _compact(self, operation: JsonObject) -> None:
        revision = self.history.back(operation["back"])
        compact = getattr(self.server, "compact", None)
        if compact is not None and revision > max(self.history.compacted, self.history.base):
            compact(revision)
            self.history.compact(revision)

    def _progress(self, operation: JsonObject) -> None:
        progress = getattr(self.server, "progress", None)
        if progress is not None:
            progress()

    def _flood(self, operation: JsonObject) -> None:
        buffered_max = getattr(self.server, "buffered_max", None)
        slow = self._client(operation)
        if buffered_max is None or slow is None or slow.stream is None or _has_ended(slow.stream):
            return
        slow.was_slow = True
        for _ in range(buffered_max + 1):
            self._put({"namespace": 0, "name": 0})
            for client in self._clients:
                if client is not slow and client.stream is not None:
                    self._drain(client)
        promise = "slow_readers_are_cut"
        due = self._due(slow)
        read = 0
        while events := slow.stream.read(0.0):
            read += sum(event.type != "BOOKMARK" for event in events)
            for number, event in enumerate(events):
                self._take(
                    slow, event, due, {each.revision for each in events[number + 1 :] if each.type != "BOOKMARK"}
                )
        reason = (
            f"{read} events had waited for a reader of watch of {_shown(slow)}; its buffer is said to be {buffered_max}"
        )
        self.claims.that(promise, _has_ended(slow.stream) and read <= buffered_max, reason)

    def _may_be_cut(self, pending: int) -> bool:
        return pending > (getattr(self.server, "buffered_max", None) or pending)


def _has_ended(stream: "OpenWatch") -> bool:
    """As of now: it may be otherwise a moment later."""
    return stream.is_cut


def _apply(view: dict[Key, JsonObject], fact: _Due) -> None:
    _, kind, key, obj = fact
    if kind == "DELETED":
        view.pop(key, None)
    else:
        view[key] = obj


def _event(fact: _Due) -> str:
    revision, kind, key, _ = fact
    return f"{kind} {key[1]}/{key[2]} at {revision}"


def _shown(client: _Client) -> str:
    return f"namespace {client.namespace}" if client.namespace else "everything"
