"""Where a run ended beside where fair weather ends, as the last line of its trace has it.

An older trace has no such line; then what is missing or too much is read off the violation's reason, and the rest is
not known.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.facts import datum

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent

_MISSING = re.compile(r"([A-Z]\w*) (\S+) is missing")
_SURPLUS = re.compile(r"([A-Z]\w*) (\S+) should not exist")

COUNT = "*count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that the end has and fair weather has not, or the other way round."""

    key: str
    kind: str
    """Of an object; of an item of an outside system the system's name."""
    how: str
    """missing, surplus or differs"""
    objects: tuple[str, ...] = ()
    """Names as in the trace: "Kind/ns/name", "system/id"."""
    wanted: int = 0
    """How many fair weather ends with."""
    paths: tuple[str, ...] = ()
    """Where they differ, as ("spec.replicas", ...)."""
    beyond: tuple[str, ...] = ()
    """Of these paths those that fair weather has not."""
    beneath: tuple[str, ...] = ()
    """Of these paths those that only fair weather has."""


def differences_of(trace: "Trace", violation: "TraceEvent | None") -> tuple[Difference, ...]:
    """In the order of keys; the missing first, since what is missing explains what differs."""
    for event in reversed(trace.events):
        if event.kind == "note" and isinstance(event.data.get("fair_weather"), dict):
            return _compared(event)
    reason = str(datum(violation, "reason") or "") if violation is not None else ""
    return tuple(
        Difference(key=f"{kind}/{name}", kind=kind, how=how, objects=(f"{kind}/{name}",))
        for how, pattern in (("missing", _MISSING), ("surplus", _SURPLUS))
        for kind, name in dict.fromkeys(pattern.findall(reason))
    )


def _compared(note: "TraceEvent") -> tuple[Difference, ...]:
    ours: dict[str, Any] = dict(datum(note, "end_state") or {})
    fair: dict[str, Any] = dict(datum(note, "fair_weather") or {})
    members: dict[str, Any] = dict(datum(note, "members") or {})
    found = [_difference(key, ours.get(key), fair.get(key), members.get(key) or ()) for key in sorted({*ours, *fair})]
    order = {"missing": 0, "surplus": 1, "differs": 2}
    return tuple(sorted((one for one in found if one is not None), key=lambda one: order[one.how]))


def _difference(key: str, ours: Any, fair: Any, members: Any) -> Difference | None:
    head, _, rest = key.partition("/")
    kind = head.partition(".")[0]
    objects = tuple(str(member) for member in members) or (() if "*" in rest else (f"{kind}/{rest}",))
    mine, theirs = (side if isinstance(side, dict) else {} for side in (ours, fair))
    here, there = _count(mine), _count(theirs)
    how = "missing" if here < there else "surplus" if here > there else "differs"
    paths = tuple(sorted(path for path in {*mine, *theirs} if mine.get(path) != theirs.get(path)))
    if how == "differs" and not paths:
        return None
    beyond = tuple(path for path in paths if path not in theirs)
    beneath = tuple(path for path in paths if path not in mine)
    return Difference(
        key=key, kind=kind, how=how, objects=objects, wanted=there, paths=paths, beyond=beyond, beneath=beneath
    )


def _count(side: dict[str, Any]) -> int:
    """How many a key stands for: what a lot says, else one if it is there at all."""
    count = side.get(COUNT)
    return count if isinstance(count, int) else int(bool(side))
