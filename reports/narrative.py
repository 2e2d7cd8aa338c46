"""The story of a violation in numbered plain sentences: who did what, in order, and where the weather struck.

Told is the causal slice of the violation (what `caused_by` leads back to), user actions and weather always included:
the schedule has been shrunk, so each of them matters. Left out is what every run has, such as lease renewals, Events
and reads. What goes round in circles is told once and counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.facts import WEATHER, facts_of
from reports.telling import actor_of, fields_of, tell

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent

LIMIT = 40
"""Lines of a story. Arbitrary: about a screenful."""

LONGEST_CYCLE = 4
"""Repeated blocks of up to so many sentences are folded: two writers fighting over two fields make four."""

USER = "user"

ACTS = ("commit", "request", "reply", "external", "reconciled", "crash")
"""Kinds of trace events that can be what broke a claim. Where something else came last, nothing in particular did."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One step of the story. Two sentences of equal `key` say the same thing at different times."""

    time_s: float
    text: str
    key: tuple[Any, ...]
    essential: bool


def sentences(trace: "Trace", *, claim: str | None = None, limit: int = LIMIT) -> list[str]:
    """The story as at most `limit` lines, numbered, with virtual times.

    Args:
        claim: the property whose violation is told, where a trace holds several; default: the first.
        limit: lines at most, at least 5; what is left out of the middle is counted in a line of its own.
    """
    facts = facts_of(trace, claim=claim)
    events = _slice(trace.events, facts.violation)
    said = any(event.kind == "workload" for event in events)  # then commits by the user repeat what was said
    told = [
        sentence
        for event in events
        if not (said and event.kind == "commit" and actor_of(event) == USER)
        if not (event.kind in ("crash", "pause") and _by_fault(event, trace.events))
        if (sentence := _sentence(event, facts.under_test)) is not None
    ]
    lines = _fold(told)
    if len(lines) > limit:
        lines = _fold([sentence for sentence in told if sentence.essential])
    width = len(str(len(lines)))
    return _elide([f"{number:{width}}. {line}" for number, line in enumerate(lines, 1)], limit)


# ----------------------------------------------------------------------------------------------------------- selection


def _slice(events: "Sequence[TraceEvent]", violation: "TraceEvent | None") -> "list[TraceEvent]":
    """What led to the violation, in order of time, and everything that users and weather did before it."""
    if violation is None:
        return list(events)
    by_step = {event.step: event for event in events}
    reached: dict[int, None] = {}
    frontier = [violation.step]
    while frontier:
        step = frontier.pop()
        if step not in reached and step in by_step:
            reached[step] = None
            frontier.extend(by_step[step].caused_by)
    cause = by_step.get(violation.caused_by[0]) if violation.caused_by else None
    if cause is None or cause.kind not in ACTS:  # a claim about the whole state, judged at rest
        return [event for event in events if event.step <= violation.step]
    always = ("workload", *WEATHER)
    return [
        event for event in events if event.step in reached or (event.kind in always and event.step < violation.step)
    ]


def _by_fault(event: "TraceEvent", events: "Sequence[TraceEvent]") -> bool:
    """Is this what the fault told just before it did? A panic is the controller's own."""
    if event.data.get("panic") or event.data.get("exit"):
        return False
    return any(events[step].kind == "fault" for step in (*event.caused_by, event.step - 1) if 0 <= step < len(events))


def _sentence(event: "TraceEvent", under_test: Sequence[str]) -> Sentence | None:
    text = tell(event)
    if not text:
        return None
    never_folded = event.kind in WEATHER or event.kind in ("violation", "workload")
    key = (event.step,) if never_folded else (event.kind, actor_of(event), text.partition(" (")[0], fields_of(event))
    essential = never_folded or not under_test or actor_of(event) in under_test or event.kind == "settle"
    return Sentence(event.time_s, text, key, essential)


# ------------------------------------------------------------------------------------------------------------- folding


def _fold(told: Sequence[Sentence]) -> list[str]:
    """One line a sentence; a block that repeats is told once, with a line that counts."""
    lines: list[str] = []
    at = 0
    while at < len(told):
        length, repeats = _repetition(told, at)
        lines.extend(f"{sentence.time_s:10,.3f} s  {sentence.text}" for sentence in told[at : at + length])
        if repeats:
            last = told[at + length * (repeats + 1) - 1]
            what = "the same" if length == 1 else f"the last {length} steps"
            lines.append(f"{last.time_s:10,.3f} s  ... {what} again, {repeats} time{'s' * (repeats > 1)} until here")
        at += length * (repeats + 1)
    return lines


def _repetition(told: Sequence[Sentence], at: int) -> tuple[int, int]:
    """(length of the block that begins here, how often it is repeated). A block of n sentences must save lines."""
    for length in range(1, LONGEST_CYCLE + 1):
        block = [sentence.key for sentence in told[at : at + length]]
        repeats = 0
        while [sentence.key for sentence in told[at + length * (repeats + 1) : at + length * (repeats + 2)]] == block:
            repeats += 1
        if repeats * length > 1:
            return length, repeats
    return 1, 0


def _elide(lines: list[str], limit: int) -> list[str]:
    """Beginning and end matter most: the setting, and what broke it."""
    if len(lines) <= limit:
        return lines
    opening = max(1, limit // 3)
    closing = max(1, limit - opening - 1)
    return [*lines[:opening], f"   ... {len(lines) - opening - closing} steps left out ...", *lines[-closing:]]
