"""Where the run ended, against where fair weather ends: a diff of the two states that the trace's last note holds.

Keys and leaves there are canonical (uids, generated names and times are replaced by roles), so that what differs is
never a matter of names.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.facts import datum
from reports.shown import shown, shown_value

if TYPE_CHECKING:
    from harness.trace import Trace

OF_A_LOT = {"*count": "how many", "*contents": "each of them"}
"""Leaves of a lot: objects that are alike but for names nobody chose."""

ROWS_MAX = 300
"""Differing leaves of one report."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One place where the states differ. None: not there."""

    path: str
    here: str | None
    fair: str | None


@dataclass(frozen=True, slots=True)
class Departure:
    """One object, or one lot of objects, that ended otherwise."""

    key: str
    what: str
    """"missing", "extra" or "differs"."""
    leaves: tuple[Leaf, ...]
    members: tuple[str, ...]
    """Which objects of the run it stands for."""


@dataclass(frozen=True, slots=True)
class EndState:
    departures: tuple[Departure, ...]
    sentences: tuple[str, ...]
    """The differences in the judge's own words."""
    alike: int
    """Objects that ended as they should."""


def end_state_of(trace: "Trace") -> EndState | None:
    """None if the trace does not tell: the claim was about something else, or there is no reference."""
    note = next((e for e in reversed(trace.events) if e.kind == "note" and datum(e, "fair_weather") is not None), None)
    if note is None:
        return None
    here, fair = _states(datum(note, "end_state")), _states(datum(note, "fair_weather"))
    members = datum(note, "members")
    names = members if isinstance(members, dict) else {}
    differing = [key for key in sorted({*here, *fair}) if here.get(key) != fair.get(key)]
    alike = datum(note, "alike")
    same = len({*here, *fair}) - len(differing) + (len(alike) if isinstance(alike, list) else 0)
    departures = tuple(_departure(key, here.get(key), fair.get(key), names.get(key)) for key in differing[:ROWS_MAX])
    return EndState(departures, tuple(shown(line, 400) for line in datum(note, "differences") or ()), same)


def _states(raw: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(raw, dict):
        return {}
    return {str(key): leaves for key, leaves in raw.items() if isinstance(leaves, dict)}


def _departure(key: str, here: dict[str, Any] | None, fair: dict[str, Any] | None, members: Any) -> Departure:
    what = "missing" if here is None else "extra" if fair is None else "differs"
    ours, theirs = here or {}, fair or {}
    paths = [path for path in sorted({*ours, *theirs}) if ours.get(path) != theirs.get(path)]
    leaves = tuple(
        Leaf(OF_A_LOT.get(path) or shown(path), _leaf(ours, path), _leaf(theirs, path)) for path in paths[:ROWS_MAX]
    )
    listed = members if isinstance(members, list) else []
    return Departure(shown(key), what, leaves, tuple(shown(name) for name in listed[:20]))


def _leaf(leaves: dict[str, Any], path: str) -> str | None:
    if path not in leaves:
        return None
    value = shown_value(leaves[path])
    return value if isinstance(value, str) else shown(json.dumps(value, ensure_ascii=False), 600)
