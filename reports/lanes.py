"""The lanes of a space-time diagram, and what lasts on them: pauses, outages, held streams, partitions, staleness.

Lanes are ordered as a request travels: users, who is on trial, the other components, API servers, the store, outside
systems. What happens to no component in particular (a violation, the end of the storm) has no lane: it crosses all.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.beliefs import Commit, Update, commits_of
from reports.facts import datum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.trace import Trace, TraceEvent

GROUPS = ("user", "under test", "component", "API server", "store", "outside")

NO_LANE = ("note", "violation", "settle")

STALE_MIN_S = 0.5
"""Virtual seconds for which a cache is behind before it is shown. Arbitrary: messages are late by less in any calm."""

BANDS_MAX = 400
"""Bands of one report; the longest are kept."""

LASTING = {
    "partition": "cut off",
    "node_partition": "cut off",
    "stale_cache": "streams held",
    "watch_lag": "stream held",
    "split_delivery": "streams held",
    "watch_gap": "stream cut",
    "stale_read": "reads the past",
    "time_travel": "its next server lags",
    "permission_revoked": "forbidden",
    "admission_denied": "denied",
    "quota_exceeded": "over quota",
}
"""What each kind of weather with a duration is called on a lane. Pauses and crashes have events of their own."""

SECONDS = ("seconds", "lag_s", "down_s")
"""Under which names the action of a schedule says how long it lasts, in virtual seconds."""


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    group: str
    """One of `GROUPS`."""


@dataclass(frozen=True, slots=True)
class Band:
    """What lasts on one lane, from one step to another."""

    lane: str
    begin: int
    end: int
    kind: str
    """"pause", "down", "weather" or "stale"."""
    text: str


def lanes_of(trace: "Trace", under_test: "Sequence[str]") -> list[Lane]:
    """Every component, replica, server and system that does anything, in reading order."""
    groups: dict[str, str] = {}
    for event in trace.events:
        if event.kind in NO_LANE:
            continue
        for name, group in _roles(event, under_test):
            if group != "component" or name not in groups:
                groups[name] = group
    lanes = [Lane(name, group) for name, group in groups.items()]
    return sorted(lanes, key=lambda lane: (GROUPS.index(lane.group), lane.name))


def bands_of(trace: "Trace", under_test: "Sequence[str]", updates: "dict[str, list[Update]]") -> list[Band]:
    """What lasts, in order of its beginning."""
    found = [*_between(trace, "pause", "resume", "paused"), *_between(trace, "crash", "restart", "down")]
    found.extend(_weather(trace))
    for name in under_test:
        found.extend(_stale(trace, name, updates.get(name, [])))
    found.sort(key=lambda band: (band.begin - band.end, band.begin, band.lane))
    return sorted(found[:BANDS_MAX], key=lambda band: (band.begin, band.lane, band.kind))


def _roles(event: "TraceEvent", under_test: "Sequence[str]") -> "Iterator[tuple[str, str]]":
    """(name, group) of both ends of an event."""
    here, there = ("component", "component")
    if event.kind == "external":
        here, there = ("outside", "component") if datum(event, "phase") in ("effect", "drift") else (here, "outside")
    elif event.kind == "commit":
        here = "API server"
    elif event.kind in ("request", "reply", "event", "stream", "restart"):
        there = "API server"
    for name, group in ((event.component, here), (event.peer, there)):
        if name:
            yield name, _group(name, group, under_test)


def _group(name: str, group: str, under_test: "Sequence[str]") -> str:
    if name in under_test:
        return "under test"
    return {"user": "user", "store": "store"}.get(name, group)


def _between(trace: "Trace", opens: str, closes: str, text: str) -> "Iterator[Band]":
    open_at: dict[str, int] = {}
    for event in trace.events:
        if event.kind == opens:
            open_at.setdefault(event.component, event.step)
        elif event.kind == closes and event.component in open_at:
            yield Band(event.component, open_at.pop(event.component), event.step, _KINDS[opens], text)
    for name, step in open_at.items():
        yield Band(name, step, len(trace.events) - 1, _KINDS[opens], text)


_KINDS = {"pause": "pause", "crash": "down"}


def _weather(trace: "Trace") -> "Iterator[Band]":
    """Weather with a duration, on the lane of whom it strikes; the end of the storm ends it."""
    times = [event.time_s for event in trace.events]
    healed = next(
        (event.step for event in trace.events if event.kind == "settle" and datum(event, "phase") == "healed"),
        len(times) - 1,
    )
    for event in trace.events:
        text = LASTING.get(str(datum(event, "name"))) if event.kind == "fault" else None
        action: Any = datum(event, "action") if text else None
        if text is None or not isinstance(action, dict) or not event.component:
            continue
        lasts_s = next((action[name] for name in SECONDS if isinstance(action.get(name), int | float)), None)
        end = bisect_left(times, event.time_s + lasts_s, lo=event.step) if lasts_s is not None else healed
        yield Band(event.component, event.step, max(event.step, min(end, healed)), "weather", text)


def _stale(trace: "Trace", name: str, updates: "list[Update]") -> "Iterator[Band]":
    """While what this component holds is older than the store, of any object that it had heard of."""
    behind: dict[str, int] = {}
    held: dict[str, int | None] = {}
    newest: dict[str, int] = {}
    since = 0
    moments: list[Commit | Update] = sorted([*commits_of(trace), *updates], key=lambda moment: moment.step)
    for moment in moments:
        was_behind, step = bool(behind), moment.step
        if isinstance(moment, Commit):
            newest[moment.object] = moment.revision or 0
        else:
            held[moment.object] = moment.revision
        revision = held.get(moment.object)
        if revision is not None and revision < newest.get(moment.object, 0):
            behind[moment.object] = revision
        else:
            behind.pop(moment.object, None)
        if behind and not was_behind:
            since = step
        elif was_behind and not behind:
            yield from _long_enough(trace, name, since, step)
    if behind:
        yield from _long_enough(trace, name, since, len(trace.events) - 1)


def _long_enough(trace: "Trace", name: str, begin: int, end: int) -> "Iterator[Band]":
    if trace.events[end].time_s - trace.events[begin].time_s >= STALE_MIN_S:
        yield Band(name, begin, end, "stale", "cache behind the store")
