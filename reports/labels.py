"""Each event in a few words, as it stands beside its row in a diagram: the lanes say already who and to whom.

Unlike in a story (`telling.py`), every event has a label.
"""

import re
from typing import TYPE_CHECKING

from reports.facts import datum
from reports.telling import tell

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run


def label_of(event: "TraceEvent") -> str:
    """See the module."""
    teller = _LABELS.get(event.kind)
    told = teller(event) if teller else tell(event)
    return plainly(told) if told else f"{event.kind} {_about(event)}".strip()


_SHOUTED = re.compile(r"^(WEATHER( \[[^\]]*\])?: |VIOLATED |<- The [a-z ]+: )")


def plainly(sentence: str) -> str:
    """A sentence without the word in capitals that a tag beside it says already."""
    return _SHOUTED.sub("", sentence)


def plain_words(sentence: str) -> str:
    """A sentence of a story where no name can be set as code."""
    return plainly(sentence).replace("`", "")


def wrong_tag(run: "Run") -> str:
    """What the step that is to blame is called in a word or two."""
    if run.blame.missing:
        return "left undone"
    return f"wrong {run.blame.noun}"


def _request(event: "TraceEvent") -> str:
    return f"{event.component}: {str(datum(event, 'verb') or 'request').lower()} {_about(event)}".strip()


def _reply(event: "TraceEvent") -> str:
    error = datum(event, "error")
    answer = error or ("ok" if event.resource_version is None else f"ok, revision {event.resource_version}")
    return f"{str(datum(event, 'verb') or 'request').lower()} {_about(event)} is answered: {answer}"


def _event(event: "TraceEvent") -> str:
    return f"{event.component} hears: {_about(event)} {str(datum(event, 'type') or 'changed').lower()}"


def _reconcile(event: "TraceEvent") -> str:
    return f"{event.component} reconciles {event.object}"


def _reconciled(event: "TraceEvent") -> str:
    return tell(event) or f"{event.component}'s pass over {event.object} is {datum(event, 'outcome') or 'done'}"


def _external(event: "TraceEvent") -> str:
    told = tell(event)
    verb = str(datum(event, "verb") or "call").lower()
    if told:
        return told
    if datum(event, "phase") == "call":
        return f"{event.component}: {verb} {event.object or 'an item'} in {event.peer}"
    return f"{event.peer} answers {verb}: ok"


def _settle(event: "TraceEvent") -> str:
    return tell(event) or {
        "rest": "everything is at rest",
        "end": "the end of the run",
    }.get(str(datum(event, "phase")), f"after the storm: {datum(event, 'phase')}")


def _stream(event: "TraceEvent") -> str:
    error = datum(event, "error")
    why = f": {error}" if error else ""
    return f"{event.component}'s watch of {_about(event)} is {datum(event, 'event') or 'cut'}{why}"


_LABELS = {
    "request": _request,
    "reply": _reply,
    "event": _event,
    "reconcile": _reconcile,
    "reconciled": _reconciled,
    "external": _external,
    "settle": _settle,
    "stream": _stream,
}
"""Kinds that a story leaves out or tells at length."""


def _about(event: "TraceEvent") -> str:
    kind, _, name = str(event.object).partition("/")
    return f"{kind} {name}".strip()
