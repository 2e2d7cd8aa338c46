"""The story of a violation in numbered plain sentences: who did what, in order, and where the weather struck.

Told is the causal slice of the violation (what `caused_by` leads back to), user actions and weather always included:
the schedule has been shrunk, so each of them matters. Left out is what every run has, such as lease renewals, Events
and reads. What goes round in circles is told once and counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.facts import WEATHER, datum, facts_of

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent

LIMIT = 40
"""Lines of a story. Arbitrary: about a screenful."""

LONGEST_CYCLE = 4
"""Repeated blocks of up to so many sentences are folded: two writers fighting over two fields make four."""

USER = "user"
STORE = "store"
"""Writes what a cluster begins with."""

BACKGROUND_KINDS = ("Lease", "Event")
"""Written for ever by healthy components; their commits never explain a failure by themselves."""

CHANGES_SHOWN = 3
"""Changed fields named in one sentence."""


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
        if not (said and event.kind == "commit" and _actor(event) == USER)
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
    """Is this what the fault told just before it did?"""
    return any(events[step].kind == "fault" for step in (*event.caused_by, event.step - 1) if 0 <= step < len(events))


def _sentence(event: "TraceEvent", under_test: Sequence[str]) -> Sentence | None:
    teller = TELLERS.get(event.kind)
    text = teller(event) if teller is not None else None
    if not text:
        return None
    never_folded = event.kind in WEATHER or event.kind in ("violation", "workload")
    key = (event.step,) if never_folded else (event.kind, _actor(event), text.partition(" (")[0], _fields(event))
    essential = never_folded or not under_test or _actor(event) in under_test or event.kind == "settle"
    return Sentence(event.time_s, text, key, essential)


# ------------------------------------------------------------------------------------------------------------- telling


def _workload(event: "TraceEvent") -> str:
    return str(datum(event, "sentence") or f"user does {_plain(event)}")


def _commit(event: "TraceEvent") -> str | None:
    if _kind(event) in BACKGROUND_KINDS or datum(event, "effective") is False or _actor(event) == STORE:
        return None
    changed = [str(change) for change in datum(event, "changed") or ()]
    if any(change.startswith(DELETION_MARK) for change in changed):
        return f"{_actor(event)} marks {_object(event)} for deletion"
    fact = str(datum(event, "fact") or "")
    text = f"{_actor(event)} {DONE.get(fact, fact.lower() or 'writes')} {_object(event)}"
    if not changed:
        return text
    more = f" and {len(changed) - CHANGES_SHOWN} more" if len(changed) > CHANGES_SHOWN else ""
    return f"{text} ({', '.join(changed[:CHANGES_SHOWN])}{more})"


def _reply(event: "TraceEvent") -> str | None:
    error = datum(event, "error")
    if not error:
        return None
    return f"{event.component}'s {_verb(event) or 'request'} of {_object(event)} is answered: {error}"


def _fault(event: "TraceEvent") -> str:
    legal = datum(event, "legal")
    label = {True: ", legal", False: ", HOSTILE"}.get(legal, "") if isinstance(legal, bool) else ""
    action = datum(event, "action")
    told = datum(event, "sentence") or (action_in_words(action) if action else _plain(event))
    return f"WEATHER [{datum(event, 'name') or 'fault'}{label}]: {told}"


ANCHORS = ("do", "at", "component", "request", "event", "step")
"""Keys of a schedule's action that say where it strikes; the others are the values it was given."""

PLACES = {
    "request": "before it is handled",
    "after_commit": "after it committed",
    "external_request": "before it is handled",
    "external_reply": "after it was done",
}


def action_in_words(action: dict[str, Any]) -> str:
    """One action of a schedule as a phrase: what it strikes, where, with which values."""
    component = str(action.get("component") or "the plane")
    values = ", ".join(f"{name} {value}" for name, value in action.items() if name not in ANCHORS)
    message = action.get("request") or action.get("event")
    if not message:
        where = f"strikes {component}" if "component" in action else "strikes between two user actions"
    else:
        what = " ".join(str(part) for part in (message.get("kind"), message.get("name")) if part)
        nth = _ordinal(int(message.get("nth") or 1))
        if "event" in action:
            where = f"the {nth} {message.get('type', '')} event of {what} on its way to {component}"
        else:
            place = PLACES.get(str(action.get("at")), "")
            where = f"{component}'s {nth} {message.get('verb', 'request')} of {what}, {place}".rstrip(", ")
    return f"{where} ({values})" if values else where


def _ordinal(number: int) -> str:
    if 10 < number % 100 < 14:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _life(event: "TraceEvent") -> str:
    if panic := datum(event, "panic"):
        return f"{event.component} panics: {panic}"
    if left := datum(event, "exit"):
        return f"{event.component} ends by itself: {left}"
    sentence = datum(event, "sentence")
    return f"WEATHER: {sentence or f'{event.component} {LIFE[event.kind]}'}"


def _external(event: "TraceEvent") -> str | None:
    """Effects, and answers that are errors; not requests, whose effect is told, nor reads."""
    phase, does = datum(event, "phase"), DONE.get(_verb(event), _verb(event))
    if phase == "effect" and does != _verb(event):
        return f"{event.peer} {does} {event.object} in outside system {event.component}"
    if phase == "drift":
        return f"somebody {does} {event.object} in outside system {event.component}"
    error = datum(event, "error")
    return f"{event.component}'s {_verb(event)} in outside system {event.peer} is answered: {error}" if error else None


def _reconciled(event: "TraceEvent") -> str | None:
    outcome = datum(event, "outcome")
    if outcome not in ("error", "panic", "terminal"):
        return None
    error = datum(event, "error")
    return f"{event.component}'s reconcile of {event.object} ends in {outcome}{f': {error}' if error else ''}"


def _settle(event: "TraceEvent") -> str | None:
    return "the storm is over: faults are lifted" if datum(event, "phase") == "healed" else None


def _violation(event: "TraceEvent") -> str:
    return f"VIOLATED {datum(event, 'property')}: {datum(event, 'reason')}"


TELLERS: "dict[str, Callable[[TraceEvent], str | None]]" = {
    "workload": _workload,
    "commit": _commit,
    "reply": _reply,
    "fault": _fault,
    "crash": _life,
    "restart": _life,
    "pause": _life,
    "resume": _life,
    "external": _external,
    "reconciled": _reconciled,
    "settle": _settle,
    "violation": _violation,
}
"""How each kind of trace event is told. Kinds without an entry are left out of stories."""

DONE = {
    "CREATED": "creates",
    "UPDATED": "updates",
    "DELETED": "removes",
    "BOUND": "binds",
    "create": "creates",
    "update": "updates",
    "delete": "deletes",
}
"""Facts, and verbs of outside systems, in the present tense of a story."""

DELETION_MARK = "metadata.deletionTimestamp: None"
"""How a change begins that marks an object for deletion."""

LIFE = {
    "crash": "crashes: all that it kept in memory is lost",
    "restart": "restarts with empty memory",
    "pause": "is paused",
    "resume": "goes on as if nothing had happened",
}


def _actor(event: "TraceEvent") -> str:
    """Who sent what was done. A commit happens at an API server, on behalf of its peer."""
    return event.peer or event.component if event.kind in ("commit", "external") else event.component


def _verb(event: "TraceEvent") -> str:
    return str(datum(event, "verb") or "").lower()


def _object(event: "TraceEvent") -> str:
    if event.object:  # "Deployment/default/front"
        kind, _, name = str(event.object).partition("/")
        return f"{kind} {name}".strip()
    kind, namespace, name = (datum(event, part) for part in ("kind", "namespace", "name"))
    place = "/".join(str(part) for part in (namespace, name) if part)
    return " ".join(str(part) for part in (kind, place) if part) or "something"


def _kind(event: "TraceEvent") -> str:
    return _object(event).partition(" ")[0]


def _fields(event: "TraceEvent") -> tuple[str, ...]:
    """Paths that changed, without their values: a counter that is written again and again is one story."""
    return tuple(str(change).partition(":")[0] for change in datum(event, "changed") or ())


def _plain(event: "TraceEvent") -> str:
    """Event data in words, for events that bring no sentence of their own."""
    words = [str(datum(event, part)) for part in ("do", "verb", "name") if datum(event, part)]
    return " ".join(dict.fromkeys([*words, _object(event)])).strip()


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
