"""Pattern 1, commands and events: a command asks and may be rejected; an event is a fact and may not.

Who sends a command is told whether it was accepted. What was accepted has happened: it is in the state, and an event
says so, in the past tense, to whoever listens; a receiver that fails has no say in it. And an event is never the only
copy of what it tells: who hears none of them can read the state.

The port is a service that keeps named values. The contract sends good commands and bad ones, listens, fails while
listening, and comes late.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from harness.pattern import ANSWERS, Claims, Promise
from reference_impl.protocol import JsonObject

NAMES: Final = ("x", "y", "z")
PAST_TENSE: Final = {
    "create": ("ADDED", "CREATED"),
    "update": ("MODIFIED", "UPDATED"),
    "delete": ("DELETED", "REMOVED"),
}
"""What events of accepted commands are called. Others of the same form will do: see `_is_past_tense`."""

_DECK = "Gasch, Kubernetes patterns (2023), page 16 (commands vs events)"
_FOWLER = "https://martinfowler.com/articles/201701-event-driven.html"
_CONCEPTS = "https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"


class Happened(Protocol):
    """An event."""

    @property
    def type(self) -> str:
        """What has happened, in the past tense: ADDED, MODIFIED, DELETED, ..."""

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> str | None:
        """The value after it; of a deletion, the last one or None."""


class Commands(Protocol):
    """A service that takes commands, and tells what has happened."""

    rejection: type[Exception]
    """What `send` raises when it rejects a command."""

    def send(self, verb: str, name: str, value: str | None = None) -> None:
        """`create` (rejected if it is there), `update`, `delete` (rejected if it is not). Values are "good ..." or "bad
        ...": a bad one is rejected."""

    def subscribe(self, callback: Callable[[Happened], None]) -> Callable[[], None]:
        """Call back for each event from now on, by the time `send` returns; returns how to stop. A callback may
        raise."""

    def state(self) -> dict[str, str]:
        """All values by name, as of now."""


PROMISES: Final = (
    Promise(
        name="bad_commands_are_rejected",
        says="A command that asks for what cannot be is rejected, and its sender told; a good one is accepted.",
        source=_DECK,
    ),
    Promise(
        name="a_rejected_command_leaves_no_trace",
        says="A rejected command changes nothing, and no event tells of it.",
        source=_DECK,
    ),
    Promise(
        name="an_accepted_command_has_happened",
        says="When a command has been accepted, the state shows it.",
        source=f"{_DECK}; {_FOWLER}",
    ),
    Promise(
        name="events_tell_of_committed_state",
        says="Each accepted command makes one event, and when it is heard the state already shows what it tells.",
        source=f"{_DECK}; {_CONCEPTS}",
        voided_by=("later commands that have changed the state again",),
    ),
    Promise(
        name="events_are_named_in_the_past_tense",
        says="An event is named by what has happened, not by what should.",
        source=_DECK,
    ),
    Promise(
        name="events_cannot_be_rejected",
        says=(
            "A receiver that fails changes neither what has happened, nor what others hear, "
            "nor what the sender is told."
        ),
        source=_DECK,
    ),
    Promise(
        name="events_are_never_the_only_copy",
        says="Who has heard no event can read everything from the state.",
        source=f"{_FOWLER} (event notification); Gasch, Kubernetes patterns (2023), page 25 (source of truth)",
    ),
    Promise(
        name=ANSWERS, says="Each call answers, or raises what the port names.", source="seatrial.patterns.Commands"
    ),
)


class CommandAndEventPattern:
    """See the module."""

    name: str = "command-and-event"
    says: str = "commands ask and can be rejected; events are facts about committed state, and never the only copy"
    target: str = "Commands: a service with commands and events"
    promises: Sequence[Promise] = PROMISES
    port: type = Commands
    fields: Mapping[str, Sequence[str]] = MappingProxyType(
        {"send": ("verb", "name", "good"), "listen": ("fails",), "stop_listening": ()}
    )

    def not_applicable(self, instance: Any) -> Sequence[str]:
        return ()

    def operations(self) -> Any:
        from hypothesis import strategies as st

        send = st.fixed_dictionaries(
            {
                "do": st.just("send"),
                "verb": st.sampled_from(sorted(PAST_TENSE)),
                "name": st.integers(0, 2),
                "good": st.sampled_from([True, True, False]),
            }
        )
        listen = st.fixed_dictionaries({"do": st.just("listen"), "fails": st.booleans()})
        return st.one_of(send, send, send, listen, st.just({"do": "stop_listening"}))

    def begin(self, instance: Commands) -> "Conversation":
        return Conversation(instance)

    def shown(self, operation: JsonObject) -> str:
        if operation["do"] == "send":
            good = "" if operation["good"] else ", with a value that cannot be"
            return f"command: {operation['verb']} {NAMES[operation['name'] % 3]}{good}"
        if operation["do"] == "listen":
            return "a receiver that fails at every event subscribes" if operation["fails"] else "a receiver subscribes"
        return "the receiver that came first stops listening"


class Conversation:
    """One schedule: a sender, and receivers."""

    def __init__(self, service: Commands) -> None:
        self.claims = Claims()
        self.service = service
        self._state: dict[str, str] = {}
        self._heard: list[tuple[str, str, str | None, str | None]] = []
        """By a receiver that does not fail, since the last command: (type, name, value, what the state showed)."""
        self._count = 0
        self._stops: list[Callable[[], None]] = []
        self._failing = 0
        service.subscribe(self._hear)

    def do(self, operation: JsonObject) -> None:
        getattr(self, f"_{operation['do']}")(operation)

    def end(self) -> None:
        self.claims.equal(
            "events_are_never_the_only_copy", self.service.state(), self._state, "the state, read at the end"
        )

    def _hear(self, event: Happened) -> None:
        self._heard.append((event.type, event.name, event.value, self.service.state().get(event.name)))

    def _listen(self, operation: JsonObject) -> None:
        self._stops.append(self.service.subscribe(_fail if operation["fails"] else lambda event: None))
        self._failing += operation["fails"]

    def _stop_listening(self, operation: JsonObject) -> None:
        if self._stops:
            self._stops.pop(0)()

    def _send(self, operation: JsonObject) -> None:
        verb, name = operation["verb"], NAMES[operation["name"] % 3]
        self._count += 1
        value = None if verb == "delete" else f"{'good' if operation['good'] else 'bad'} {self._count}"
        exists = name in self._state
        acceptable = (verb == "create") != exists and (verb == "delete" or operation["good"])
        self._heard.clear()
        what = f"{verb} {name}" + (f" {value!r}" if value else "")
        try:
            self.service.send(verb, name, value)
        except self.service.rejection as error:
            self.claims.that("bad_commands_are_rejected", not acceptable, f"{what} was rejected: {error}")
            self.claims.equal(
                "a_rejected_command_leaves_no_trace", self._heard, [], f"events of {what}, which was rejected"
            )
            self.claims.equal(
                "a_rejected_command_leaves_no_trace",
                self.service.state(),
                self._state,
                f"state after {what}, which was rejected",
            )
            return
        except _Failed:
            self.claims.that(
                "events_cannot_be_rejected", False, f"the sender of {what} was told that a receiver failed"
            )
        self.claims.that("bad_commands_are_rejected", acceptable, f"{what} was accepted")
        if value is None:
            last: str | None = self._state.pop(name)
        else:
            self._state[name] = last = value
        self.claims.equal("an_accepted_command_has_happened", self.service.state(), self._state, f"state after {what}")
        self._judge_events(what, verb, name, last)

    def _judge_events(self, what: str, verb: str, name: str, value: str | None) -> None:
        if self._failing:
            reason = f"{len(self._heard)} events of {what} were heard, while another receiver failed"
            self.claims.that("events_cannot_be_rejected", len(self._heard) == 1, reason)
        self.claims.equal("events_tell_of_committed_state", len(self._heard), 1, f"how many events tell of {what}")
        kind, told_name, told_value, shown = self._heard[0]
        self.claims.that(
            "events_are_named_in_the_past_tense", _is_past_tense(kind, verb), f"{what} is told as {kind!r}"
        )
        told = (told_name, told_value if verb != "delete" or told_value is not None else value)
        self.claims.equal("events_tell_of_committed_state", told, (name, value), f"what the event of {what} tells")
        after = None if verb == "delete" else value
        self.claims.equal(
            "events_tell_of_committed_state", shown, after, f"what the state showed when {what} was heard"
        )


class _Failed(Exception):
    """A receiver's failure."""


def _fail(event: Happened) -> None:
    raise _Failed("this receiver fails at every event")


def _is_past_tense(kind: str, verb: str) -> bool:
    """One of the usual names, or any other word that ends as a regular past tense does, but the command's own."""
    return kind in PAST_TENSE[verb] or (kind.upper().endswith("ED") and kind.lower() != verb)
