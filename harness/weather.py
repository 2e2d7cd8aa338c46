"""Armed faults, and the moment when one meets its message.

A fault is *armed* with an anchor: which component's which message, the how-manyeth. When the message comes, the fault
may strike: it draws its values, and its verdict changes the message. What fired is written down as an action of the
schedule, with the exact anchor and the values drawn, so that a replay arms just that. What never met its message
leaves no trace.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.contract import Fault, Message, Moment, Verdict
from harness.errors import UsageError
from harness.latency import Latency
from reference_impl.errors import ApiError
from reference_impl.protocol import JsonObject, WatchEvent

if TYPE_CHECKING:
    from harness.wire import Command, Pending, Stream
    from harness.world import World

PLACES = {
    "request": "request",
    "reply": "after_commit",
    "event": "delivery",
    "external_request": "external_request",
    "external_reply": "external_reply",
}
"""From a message's phase to the schedule's word for it."""
PHASES = {place: phase for phase, place in PLACES.items()}

MESSAGE_VERDICTS = (
    "delay", "hold", "cut", "fail_before", "fail_after", "crash", "late_commit", "drop", "repeat", "swap"
)  # fmt: skip
"""What the fabric does to a message; every other verdict is an operation, and the weather has it done."""

PATIENT_STEPS = 1
"""User actions for which a fault that loosens waits for just its message (arbitrary)."""

Action = dict[str, Any]
CountKey = tuple[str, str, str, str, str]


class Drawing:
    """A fault's values: those that were recorded, else drawn from a seed and recorded."""

    def __init__(self, values: dict[str, Any], rng: random.Random, *, action: str = "a fault") -> None:
        """`action` says, in messages, which action of which schedule the recorded values are from."""
        self._action = action
        self.scale = 1.0
        """Of times that are drawn here: how much shorter they are than elsewhere (`World.seconds_scale`)."""
        self.values = values
        self._given = dict(values)
        self._random = rng

    def forget(self) -> None:
        """Draw anew next time: this time nothing came of it. What was recorded stays."""
        self.values = dict(self._given)

    def seconds(self, name: str, low: float, high: float) -> float:
        """Log-uniform between `low` and `high`, to the millisecond. Raises UsageError if no time is recorded."""
        if name not in self.values:
            low, high = low * self.scale, high * self.scale
            start = max(low, 0.001)
            drawn = low if high <= low else start * (high / start) ** self._random.random()
            self.values[name] = round(drawn, 3)
        value = self.values[name]
        # Recorded values may lie outside low to high: whoever edits a schedule may want just that.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise self._wrong(name, "a number of virtual seconds, 0 or more")
        return float(value)

    def integer(self, name: str, low: int, high: int) -> int:
        """Evenly from `low` to `high`. Raises UsageError if what is recorded is no whole number."""
        if name not in self.values:
            self.values[name] = self._random.randint(low, high)
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int) or value < 0 <= low:
            raise self._wrong(name, "a whole number" if low < 0 else "a whole number, 0 or more")
        return value

    def choice(self, name: str, options: Sequence[Any]) -> Any:
        """One of `options`; a recorded value that is no longer among them falls back on the first."""
        if name not in self.values:
            self.values[name] = options[self._random.randrange(len(options))]
        if self.values[name] not in options:
            self.values[name] = options[0]
        return self.values[name]

    def _wrong(self, name: str, wanted: str) -> UsageError:
        return UsageError(
            f"{self._action}: {name!r} is {self.values[name]!r} but must be {wanted}: "
            "correct it in the schedule, or leave it out to have it drawn"
        )


@dataclass(slots=True, kw_only=True)
class Armed:
    """A fault waiting for its message. None matches anything; `nth` counts from 1, `skip` lets matches pass first."""

    fault: Fault
    phase: str
    component: str | None
    verb: str | None = None
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    nth: int | None = None
    after: int | None = None
    """`nth` counts from this user action on (in worlds that count so)."""
    skip: int = 0
    step: int | None = None
    """Of a moment: when it strikes. Of a message: not before this step."""
    loosens: bool = False
    """After a while any message of the component will do: what does not happen in this workload is not waited for."""
    drawing: Drawing
    values: dict[str, Any] = field(default_factory=dict)
    origin: int | None = None
    """Index in the schedule that is being replayed, so that anchors that never came can be told."""


class Weather:
    """The storm of one world."""

    def __init__(self, world: "World", salt: int) -> None:
        self.world = world
        self.over = False
        self.fired: list[Action] = []
        self.fired_counts: dict[str, int] = {}
        self.met: dict[int, None] = {}
        """Origins of replayed actions that fired."""
        self.counts: dict[tuple[Any, ...], int] = {}
        """By `CountKey`; where each user action begins to count anew, by that and how many there were."""
        self.samples: dict[tuple[str, str, str, str], Message] | None = None
        """Filled in fair weather: one sample message for each (phase, component, verb, kind)."""
        self.occasions: list[tuple[int, Message]] | None = None
        """Filled for a sweep: every message that it could strike, with the step in which it came."""
        self.late: list[Action] = []
        """What the salt made late, as explicit `latency` actions."""
        self._latency = Latency(salt)
        self._armed: dict[str, list[Armed]] = {}
        self._fair = salt == 0

    def arm(self, armed: Armed) -> None:
        """Let this fault wait for its message (or, at a step, for that step)."""
        self._fair = False
        armed.drawing.scale = self.world.seconds_scale
        waiting = self._armed.setdefault(armed.phase, [])
        place = len(waiting)
        # Two recorded ones may have struck the same message: late ones are armed first, but strike in their turn.
        while armed.origin is not None and place and (waiting[place - 1].origin or 0) > armed.origin:
            place -= 1
        waiting.insert(place, armed)

    @property
    def is_calm(self) -> bool:
        """Will nothing more strike: is the storm over, or was there none to begin with?"""
        return self.over or self._fair

    def is_waiting(self) -> bool:
        """Is any fault still waiting for its message?"""
        return any(self._armed.values())

    def _is_watched(self) -> bool:
        return self.samples is not None or self.occasions is not None

    def disarm(self) -> None:
        """The storm is over: nothing strikes any more."""
        self.over = True
        self._armed.clear()

    def count_fired(self, name: str, times: int = 1) -> None:
        self.fired_counts[name] = self.fired_counts.get(name, 0) + times

    # ---------------------------------------------------------------------------------------------- occasions

    def meet(self, phase: str, command: "Command", *, result: Any = None, committed: bool = False) -> Verdict | None:
        """A request arrives, or its reply is about to leave."""
        if self.over:
            return None
        world = self.world
        request = command.request
        if command.role is None:
            command.role = world.names.role_of_request(request)
        component = command.life.process.name
        key = (phase, component, request.verb, request.kind, command.role)
        known = command.arrival_nth if phase == "request" else 0
        nth = self._number(key, known)
        if phase == "request":
            command.arrival_nth = nth
            if not known and (late := self._late(key, nth, request.namespace)) is not None:
                return late
        waiting = self._armed.get(phase)
        if waiting or self._is_watched():
            # Not a closure: its cells would cost every message that nothing waits for.
            message = partial(self._command_message, phase, command, nth, result, committed)
            verdict = self._strike(waiting, key, nth, request.namespace, message, command=command)
            if verdict is not None:
                return verdict
        # A reply is looked at once only, so it is late if nothing worse has become of it.
        return self._late(key, nth, request.namespace) if phase == "reply" else None

    def _command_message(self, phase: str, command: "Command", nth: int, result: Any, committed: bool) -> Message:
        world, request = self.world, command.request
        return Message(
            phase=phase,
            component=command.life.process.name,
            under_test=command.life.process.under_test,
            server=world.servers[command.server].name,
            verb=request.verb,
            api_version=request.api_version,
            kind=request.kind,
            namespace=request.namespace,
            name=command.role,
            subresource=request.subresource,
            nth=nth,
            committed=committed,
            request=request,
            object=result if isinstance(result, dict) else request.body if isinstance(request.body, dict) else None,
            error=result.reason if isinstance(result, ApiError) else None,
            time_s=world.network.now_s,
            plane=world,
            initial=request.verb == "list" and request.resource_version is not None,
        )

    def _number(self, key: CountKey, known: int) -> int:
        """The how-manyeth message of this key it is. One that the weather kept back keeps its number."""
        if not known:
            counted = (*key, self.world.actions_done) if self.world.counts_by_action else key
            known = self.counts[counted] = self.counts.get(counted, 0) + 1
        return known

    def meet_event(self, stream: "Stream", pending: "Pending") -> Verdict | None:
        """A watch event is about to be delivered; perhaps not for the first time, if it has been kept back."""
        if self.over:
            return None
        world = self.world
        event = pending.event
        obj = event.object
        request = stream.request
        role = world.names.role_of(obj)
        component = stream.life.process.name
        key = ("event", component, event.type, request.kind, role)
        known, pending.nth = pending.nth, self._number(key, pending.nth)
        nth = pending.nth
        namespace = obj.get("metadata", {}).get("namespace")
        waited_s = world.network.now_s - pending.sent_s
        if not known and (late := self._late(key, nth, namespace, waited_s)) is not None:
            return late
        waiting = self._armed.get("event")
        if not waiting and not self._is_watched():
            return None
        message = partial(self._event_message, stream, event, role, nth, waited_s)
        return self._strike(waiting, key, nth, namespace, message, stream=stream)

    def _event_message(self, stream: "Stream", event: WatchEvent, role: str, nth: int, waited_s: float) -> Message:
        world, request = self.world, stream.request
        return Message(
            phase="event",
            component=stream.life.process.name,
            under_test=stream.life.process.under_test,
            server=world.servers[stream.server].name,
            verb=event.type,
            api_version=request.api_version,
            kind=request.kind,
            namespace=event.object.get("metadata", {}).get("namespace"),
            name=role,
            subresource=None,
            nth=nth,
            object=event.object,
            time_s=world.network.now_s,
            waited_s=waited_s,
            plane=world,
        )

    def meet_external(self, phase: str, command: "Command", *, result: Any = None) -> Verdict | None:
        """A call reaches an outside system, or its answer is about to leave."""
        if self.over:
            return None
        world = self.world
        call = command.request
        component = command.life.process.name
        role = world.names.role_of_external(call)
        key = (phase, component, call.verb, call.system, role)
        known = command.arrival_nth if phase == "external_request" else 0
        nth = self._number(key, known)
        if phase == "external_request":
            command.arrival_nth = nth
            if not known and (late := self._late(key, nth, None)) is not None:
                return late
        waiting = self._armed.get(phase)

        def message() -> Message:
            return Message(
                phase=phase,
                component=component,
                under_test=command.life.process.under_test,
                server=call.system,
                verb=call.verb,
                api_version="external",
                kind=call.system,
                namespace=None,
                name=role,
                subresource=None,
                nth=nth,
                committed=phase == "external_reply" and call.verb in ("create", "update", "delete"),
                object=result if isinstance(result, dict) else None,
                time_s=world.network.now_s,
                plane=world,
            )

        if waiting or self._is_watched():
            verdict = self._strike(waiting, key, nth, None, message, command=command)
            if verdict is not None:
                return verdict
        return self._late(key, nth, None) if phase == "external_reply" else None

    def _late(self, key: CountKey, nth: int, namespace: str | None, waited_s: float = 0.0) -> Verdict | None:
        """What the salt does to this message; written down as the action that does the same under salt 0."""
        seconds = self._latency.delay_s(key, nth)
        if not seconds or seconds < waited_s:
            return None
        self.count_fired("latency")
        phase, component, verb, kind, name = key
        named: Action = {"kind": kind, "name": name, "nth": nth}
        named["type" if phase == "event" else "verb"] = verb
        if namespace:
            named["namespace"] = namespace
        self.late.append(
            {
                "do": "latency",
                "at": PLACES[phase],
                "component": component,
                "event" if phase == "event" else "request": named,
                "seconds": seconds,
            }
        )
        return Verdict.delay(seconds - waited_s)

    def strike_moment(self, step: int) -> None:
        """Between two user actions: faults that hit no message in particular strike here."""
        waiting = self._armed.get("step")
        if self.over or not waiting:
            return
        for armed in [a for a in waiting if a.step is None or a.step <= step]:
            waiting.remove(armed)
            moment = Moment(step=step, time_s=self.world.network.now_s, plane=self.world)
            if not armed.fault.applies(moment):
                continue
            verdict = armed.fault.strike(moment, armed.drawing)
            if verdict.kind != "passed":
                values = dict(sorted(armed.drawing.values.items()))
                self._carry_out(armed, {"do": armed.fault.name, "at": "step", "step": step, **values}, verdict)

    # ------------------------------------------------------------------------------------------------ striking

    def _strike(
        self,
        waiting: list[Armed] | None,
        key: CountKey,
        nth: int,
        namespace: str | None,
        make: Callable[[], Message],
        **struck: Any,
    ) -> Verdict | None:
        """What becomes of a message. `struck` is its command or stream, for operations."""
        _, component, verb, kind, name = key
        message: Message | None = None
        if self.samples is not None and (sample := (key[0], component, verb, kind)) not in self.samples:
            message = self.samples[sample] = make()
        if self.occasions is not None:
            message = message or make()
            self.occasions.append((self.world.step, message))
        for armed in waiting or ():
            if armed.component is not None and armed.component != component:
                continue
            patient = not armed.loosens or self.world.step <= (armed.step or 0) + PATIENT_STEPS
            if (armed.step is not None and armed.step > self.world.step) or (
                patient
                and (
                    (armed.verb is not None and armed.verb != verb)
                    or (armed.kind is not None and armed.kind != kind)
                    or (armed.name is not None and armed.name != name)
                    or (armed.namespace is not None and armed.namespace != namespace)
                    or (armed.nth is not None and armed.nth != nth)
                    or (armed.after is not None and armed.after != self.world.actions_done)
                )
            ):
                continue
            message = message or make()
            if not armed.fault.applies(message):
                continue
            if armed.skip and patient:
                armed.skip -= 1
                continue
            verdict = armed.fault.strike(message, armed.drawing)
            fires = verdict.kind != "passed"
            if not fires or not self._carry_out(armed, self._anchored(armed, message), verdict, **struck):
                armed.drawing.forget()
                continue
            assert waiting is not None
            waiting.remove(armed)
            return verdict
        return None

    def _carry_out(self, armed: Armed, action: Action, verdict: Verdict, **struck: Any) -> bool:
        """Write down that it fired and, unless its message does that, do it. False if it changed nothing after all.

        Written down first, so that what it does is caused by it.
        """
        cause = self.world.cause
        named = action.get("request") or action.get("event") or {}
        self._record(armed, action, str(named.get("kind", "")))
        if struck and verdict.kind in MESSAGE_VERDICTS:
            return True
        if self.world.operate(verdict, **struck):
            return True
        self._take_back(armed, cause)
        return False

    def _anchored(self, armed: Armed, message: Message) -> Action:
        action: Action = {"do": armed.fault.name, "at": PLACES[message.phase], "component": message.component}
        named: JsonObject = {"verb": message.verb, "kind": message.kind, "name": message.name, "nth": message.nth}
        if message.phase == "event":
            named["type"] = named.pop("verb")
            action["event"] = named
        else:
            action["request"] = named
        if message.namespace:
            named["namespace"] = message.namespace
        if self.world.counts_by_action:
            named["after"] = self.world.actions_done
        action.update(sorted(armed.drawing.values.items()))
        return action

    def _take_back(self, armed: Armed, cause: int) -> None:
        name = armed.fault.name
        self.fired.pop()
        self.fired_counts[name] -= 1
        if not self.fired_counts[name]:
            del self.fired_counts[name]
        if armed.origin is not None:
            self.met.pop(armed.origin, None)
        last = self.world.trace.events.pop()
        assert last.kind == "fault", f"an operation of {name!r} wrote a {last.kind!r} and says that it changed nothing"
        self.world.cause = cause

    def _record(self, armed: Armed, action: Action, kind: str) -> None:
        world = self.world
        self.fired.append(action)
        self.count_fired(armed.fault.name)
        if armed.origin is not None:
            self.met[armed.origin] = None
        world.trace.add(
            world.network.now_s,
            "fault",
            str(action.get("component", "")),
            object=kind,
            caused_by=(world.cause,) if world.cause >= 0 else (),
            data={
                "name": armed.fault.name,
                "legal": armed.fault.legal,
                "obliged": armed.fault.obliged,
                "action": dict(action),
            },
        )
        world.cause = len(world.trace.events) - 1


def armed_from(action: Action, fault: Fault, index: int, seed: int) -> Armed:
    """What a schedule's action arms. Values that the schedule lacks are drawn from the trial's seed."""
    # At a moment there is no message whose component it could be: there it is one of the values.
    anchors = {"do", "at", "request", "event", "step"} | (set() if action["at"] == "step" else {"component"})
    values = {key: value for key, value in action.items() if key not in anchors}
    named_action = f"weather[{index}] ({fault.name})"
    drawing = Drawing(values, random.Random(f"{seed}/{index}"), action=named_action)
    if action["at"] == "step":
        return Armed(fault=fault, phase="step", component=None, step=action["step"], drawing=drawing, origin=index)
    named = action.get("request") or action.get("event") or {}
    return Armed(
        fault=fault,
        phase=PHASES[action["at"]],
        component=action.get("component"),
        verb=named.get("verb") or named.get("type"),
        kind=named.get("kind"),
        name=named.get("name"),
        namespace=named.get("namespace"),
        nth=named.get("nth"),
        after=named.get("after"),
        drawing=drawing,
        origin=index,
    )
