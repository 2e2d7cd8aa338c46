"""The circle in which a controller runs: for claims that say it must not go on for ever.

Sought is the shortest sequence of steps that repeats at the end of the run: first among commits (who changed which
fields of what), then among all that controllers under test sent. Values are left out of the comparison: a counter that
is written again and again is one circle.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.facts import datum
from reports.shown import shown
from reports.telling import BACKGROUND_KINDS, fields_of, tell

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run

CLAIMS = ("no_livelock", "no_hot_loop", "no_alternation", "reconcile_returns")

LONGEST = 40
"""Steps of one circle at most."""

TIMES_MIN = 3
"""How often a sequence must come before it is called a circle."""


@dataclass(frozen=True, slots=True)
class CycleStep:
    step: int
    text: str


@dataclass(frozen=True, slots=True)
class Cycle:
    """What repeats, as it came the last time."""

    steps: tuple[CycleStep, ...]
    times: int
    lasts_s: float
    """One round, in virtual seconds."""


def cycle_of(run: "Run") -> Cycle | None:
    """The circle before the violation; None if the claim is of another kind, or nothing repeats."""
    violation = run.facts.violation
    if violation is None or run.facts.claim not in CLAIMS:
        return None
    events = run.trace.events[: violation.step]
    under_test = run.facts.under_test
    for key in (_commit, lambda event: _sent(event, under_test)):
        found = _repeating(events, key)
        if found is not None:
            return found
    return None


def _repeating(events: "Sequence[TraceEvent]", key: "Callable[[TraceEvent], tuple[Any, ...] | None]") -> Cycle | None:
    told = [(event, symbol) for event in events if (symbol := key(event)) is not None]
    symbols = [symbol for _, symbol in told]
    for length in range(1, min(LONGEST, len(symbols) // TIMES_MIN) + 1):
        alike = 0
        while alike + length < len(symbols) and symbols[-1 - alike] == symbols[-1 - alike - length]:
            alike += 1
        times = alike // length + 1
        if times >= TIMES_MIN:
            last = [event for event, _ in told[-length:]]
            before = told[-length - 1][0]
            steps = tuple(CycleStep(event.step, shown(tell(event) or _plain(event))) for event in last)
            return Cycle(steps, times, last[-1].time_s - before.time_s)
    return None


def _commit(event: "TraceEvent") -> tuple[Any, ...] | None:
    if event.kind != "commit" or event.object.partition("/")[0] in BACKGROUND_KINDS:
        return None
    return event.peer, event.object, datum(event, "fact"), fields_of(event)


def _sent(event: "TraceEvent", under_test: Sequence[str]) -> tuple[Any, ...] | None:
    if event.component not in under_test or event.kind not in ("request", "reconcile", "external"):
        return None
    return event.kind, event.component, event.peer, event.object, datum(event, "verb"), datum(event, "phase")


def _plain(event: "TraceEvent") -> str:
    what = str(datum(event, "verb") or event.kind).lower()
    return f"{event.component}: {what} {event.object}".strip()
