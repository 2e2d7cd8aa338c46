"""Each kind of trace event as one plain sentence: who did what. Events that never explain a failure have none.

An event may bring its own words (`sentence`, as user actions do); otherwise they are made here, in the present tense.
Which events belong to a story is decided in `narrative.py`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reports.facts import datum

if TYPE_CHECKING:
    from harness.trace import TraceEvent

STORE = "store"
"""Writes what a cluster begins with."""

BACKGROUND_KINDS = ("Lease", "Event")
"""Written for ever by healthy components; their commits never explain a failure by themselves."""

CHANGES_SHOWN = 3
"""Changed fields named in one sentence."""


def tell(event: "TraceEvent") -> str | None:
    """The event as a sentence; None if there is nothing to tell."""
    teller = TELLERS.get(event.kind)
    return teller(event) if teller is not None else None


def _workload(event: "TraceEvent") -> str:
    return str(datum(event, "sentence") or f"user does {_plain(event)}")


def _commit(event: "TraceEvent") -> str | None:
    if _kind(event) in BACKGROUND_KINDS or datum(event, "effective") is False or actor_of(event) == STORE:
        return None
    changed = [str(change) for change in datum(event, "changed") or ()]
    if any(change.startswith(DELETION_MARK) for change in changed):
        return f"{actor_of(event)} marks {_object(event)} for deletion"
    fact = str(datum(event, "fact") or "")
    text = f"{actor_of(event)} {DONE.get(fact, fact.lower() or 'writes')} {_object(event)}"
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
    return _SETTLED.get(datum(event, "phase"))


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

_SETTLED = {
    "healed": "the storm is over: faults are lifted",
    "resynced": "the periodic resync comes, for whoever could not hear that what it made has gone",
}

DELETION_MARK = "metadata.deletionTimestamp: None"
"""How a change begins that marks an object for deletion."""

LIFE = {
    "crash": "crashes: all that it kept in memory is lost",
    "restart": "restarts with empty memory",
    "pause": "is paused",
    "resume": "goes on as if nothing had happened",
}


def actor_of(event: "TraceEvent") -> str:
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


def fields_of(event: "TraceEvent") -> tuple[str, ...]:
    """Paths that changed, without their values: a counter that is written again and again is one story."""
    return tuple(str(change).partition(":")[0] for change in datum(event, "changed") or ())


def _plain(event: "TraceEvent") -> str:
    """Event data in words, for events that bring no sentence of their own."""
    words = [str(datum(event, part)) for part in ("do", "verb", "name") if datum(event, part)]
    return " ".join(dict.fromkeys([*words, _object(event)])).strip()
