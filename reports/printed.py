"""What a process printed, set beside what it did: of a program in any language no line of code is known, its words are.

Times are those by which a line was there (it is looked for some fifty times a second): what is told as printed before a
write was printed before it, and the last line before it may be one more.
"""

from typing import TYPE_CHECKING

from reports.plain import one_line

if TYPE_CHECKING:
    from reports.facts import Facts

LINES = 3
WIDTH = 160


def timed(facts: "Facts", life: int) -> list[str]:
    """The lines of one life, each with its time where that is known."""
    lines, times = facts.printed[life][2], facts.printed_s[life]
    if all(time_s is None for time_s in times):
        return [one_line(line) for line in lines]
    return [
        f"{'' if time_s is None else f'{time_s:,.3f} s':>12}  {one_line(line)}"
        for time_s, line in zip(times, lines, strict=True)
    ]


def last_words(facts: "Facts", component: str, before_s: float) -> list[str]:
    """The last lines that were there by then, with their times; none if it was silent, or is no process."""
    found = [
        (time_s, line)
        for (who, _, lines), times in zip(facts.printed, facts.printed_s, strict=True)
        if who == component
        for time_s, line in zip(times, lines, strict=True)
        if time_s is not None and time_s <= before_s and line.strip()
    ]
    return [f"{time_s:,.3f} s: {_short(line)}" for time_s, line in found[-LINES:]]


def _short(line: str) -> str:
    text = one_line(line.strip())
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}..."
