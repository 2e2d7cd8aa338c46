"""Text for formats that cannot hold any character: names and error messages of a trace are whatever somebody wrote."""

import re
from typing import TYPE_CHECKING

from reports.telling import tell

if TYPE_CHECKING:
    from harness.trace import TraceEvent

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 does not allow, and what no terminal shows as itself."""

LONGEST = 400
"""Characters of one text: an object's name may be a megabyte."""


def printable(text: str) -> str:
    """`text` without characters that XML forbids; each stands there as its number, "\\x00"."""
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def one_line(text: str) -> str:
    """`text` on one line, at most `LONGEST` characters of it."""
    if len(text) <= LONGEST and text.isprintable() and "  " not in text:
        return text.strip()
    line = printable(" ".join(text[: 2 * LONGEST].split()))
    return line if len(line) <= LONGEST and len(text) <= 2 * LONGEST else f"{line[: LONGEST - 3]}..."


def label_of(event: "TraceEvent") -> str:
    """An event in one line: its sentence, or what it is and about what."""
    told = tell(event)
    if told:
        return one_line(told)
    data = (event.data.get(name) for name in ("verb", "type", "fact", "phase", "event", "outcome", "error"))
    words = [event.kind, *(value for value in data if isinstance(value, str)), event.object]
    return one_line(" ".join(dict.fromkeys(word for word in words if word)))


def lane_of(event: "TraceEvent") -> str:
    """Where it happened: a component, replica, server or outside system; what belongs to none is the trial's."""
    return one_line(event.component) or "trial"
