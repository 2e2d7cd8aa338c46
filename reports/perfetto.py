"""`trace.json`: the run as a timeline for Perfetto's viewer and chrome://tracing (Chrome's trace-event format, JSON).

A process is a component with its replicas, a thread one replica; what overlaps goes to further threads of the replica.
Slices are reconcile passes, requests, and what happens at one moment (commits, watch events, ...); arrows lead from
causes to effects; faults and violations are instants across everything as well.

Times are virtual microseconds. In a simulation much happens at one moment: then each event is a nanosecond after the
one before, so that the order can be seen and no two slices begin together.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from reports.facts import datum, verdict_sentence
from reports.plain import label_of, lane_of, one_line
from reports.run import run_of

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent

NS_PER_S = 1_000_000_000
NS_PER_US = 1_000

FLASH_NS = 1
"""Length of what happens at one moment: as long as nothing else can begin."""

SPANS = {"reconcile": "reconciled", "request": "reply", "external": "external", "crash": "restart", "pause": "resume"}
"""Kinds of events that open a slice, and the kind that closes it."""

MARKED = ("fault", "violation")

ARGUMENTS = ("verb", "subresource", "fact", "type", "error", "code", "outcome", "phase", "site", "legal", "obliged")
"""Data that a viewer shows with a slice. Whole objects are left out: they are in trace.jsonl."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Perfetto:
    """A timeline as trace-event JSON, UTF-8."""

    name: str = "json"
    suffix: str = ".json"
    filename: str = "trace.json"

    def render(self, trace: "Trace") -> bytes:
        """The timeline of one trace. Same trace, same bytes."""
        facts = run_of(trace).facts
        timeline = _Timeline(trace)
        document = {
            "traceEvents": [*timeline.names(), *timeline.slices(), *timeline.arrows()],
            "displayTimeUnit": "ms",
            "otherData": {"verdict": one_line(verdict_sentence(facts)), **_texts(facts.settings), **facts.versions},
        }
        return orjson.dumps(document) + b"\n"


@dataclass(slots=True)
class _Lane:
    """One thread of the timeline: slices on it are nested or apart."""

    tid: int
    ends: list[int] = field(default_factory=list)
    """Of the slices that are still open at its newest beginning, outermost first; nanoseconds."""

    def takes(self, begin: int, end: int) -> bool:
        while self.ends and self.ends[-1] <= begin:
            self.ends.pop()
        if self.ends and self.ends[-1] < end:
            return False
        self.ends.append(end)
        return True


class _Timeline:
    """Where and when each event is drawn."""

    def __init__(self, trace: "Trace") -> None:
        self.events = trace.events
        self.graph = run_of(trace).graph
        self.at_ns = _moments(trace)
        self.ends = _ends(trace, self.at_ns)
        self.lanes: dict[str, list[_Lane]] = {lane: [] for lane in dict.fromkeys(map(lane_of, trace.events))}
        self.processes = _processes(self.lanes)
        self.thread: dict[int, int] = {}
        """Of each step."""
        self._lay_out()

    def _lay_out(self) -> None:
        threads = 0
        for event in self.events:
            begin = self.at_ns[event.step]
            owner = self._slice_that_it_closes(event)
            if owner is not None:
                self.thread[event.step] = self.thread[owner]
                continue
            lanes = self.lanes[lane_of(event)]
            lane = next((lane for lane in lanes if lane.takes(begin, self._end_of(event))), None)
            if lane is None:
                threads += 1
                lane = _Lane(threads)
                lane.takes(begin, self._end_of(event))
                lanes.append(lane)
            self.thread[event.step] = lane.tid

    def _slice_that_it_closes(self, event: "TraceEvent") -> int | None:
        return self.ends.closes.get(event.step)

    def _end_of(self, event: "TraceEvent") -> int:
        return self.ends.of.get(event.step, self.at_ns[event.step] + FLASH_NS)

    # ------------------------------------------------------------------------------------------------------- output

    def names(self) -> Iterator[dict[str, Any]]:
        """What the viewer calls processes and threads, and in which order it shows them."""
        for name, pid in dict.fromkeys(self.processes.values()):
            yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": name}}
            yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}}
        for place, lanes in self.lanes.items():
            pid = self.processes[place][1]
            for number, lane in enumerate(lanes, 1):
                name = place if number == 1 else f"{place} ({number})"
                common = {"ph": "M", "pid": pid, "tid": lane.tid}
                yield {**common, "name": "thread_name", "args": {"name": name}}
                yield {**common, "name": "thread_sort_index", "args": {"sort_index": lane.tid}}

    def slices(self) -> Iterator[dict[str, Any]]:
        for event in self.events:
            if event.step in self.ends.closes:
                continue
            at = self.at_ns[event.step]
            where = {"pid": self.processes[lane_of(event)][1], "tid": self.thread[event.step], "ts": _us(at)}
            label, arguments = label_of(event), _arguments(event)
            end = self._end_of(event)
            yield {"ph": "X", "name": label, "cat": event.kind, **where, "dur": _us(end - at), "args": arguments}
            if event.kind in MARKED:
                yield {"ph": "i", "s": "g", "name": label, "cat": event.kind, **where, "args": arguments}

    def arrows(self) -> Iterator[dict[str, Any]]:
        """Each from a cause to an effect. `bp: e`: to the slice that is open there, not to the next one."""
        for number, (cause, effect) in enumerate(sorted(self.graph.edges), 1):
            common = {"name": "caused", "cat": "cause", "id": number}
            yield {"ph": "s", **common, **self._place(cause)}
            yield {"ph": "f", "bp": "e", **common, **self._place(effect)}

    def _place(self, step: int) -> dict[str, Any]:
        pid = self.processes[lane_of(self.events[step])][1]
        return {"pid": pid, "tid": self.thread[step], "ts": _us(self.at_ns[step])}


# --------------------------------------------------------------------------------------------------------------- times


def _moments(trace: "Trace") -> list[int]:
    """Of each step, in nanoseconds: strictly increasing."""
    found: list[int] = []
    for event in trace.events:
        at = round(event.time_s * NS_PER_S)
        found.append(max(at, found[-1] + FLASH_NS) if found else at)
    return found


@dataclass(slots=True)
class _Ends:
    of: dict[int, int] = field(default_factory=dict)
    """End of each slice that lasts, by the step that opened it; nanoseconds."""
    closes: dict[int, int] = field(default_factory=dict)
    """Step that closed a slice: step that opened it. What closes a slice is drawn as its end."""


def _ends(trace: "Trace", at_ns: list[int]) -> _Ends:
    """Which event closes which slice. What is open when its component crashes ends there, or at the end of the run."""
    ends = _Ends()
    open_slices: dict[str, dict[int, TraceEvent]] = defaultdict(dict)
    last = at_ns[-1] + FLASH_NS if at_ns else 0

    def close(opener: "TraceEvent", at: int) -> None:
        ends.of[opener.step] = at
        del open_slices[opener.component][opener.step]

    for event in trace.events:
        mine = open_slices[event.component]
        opener = _opener(event, mine)
        if opener is not None:
            ends.closes[event.step] = opener.step
            close(opener, at_ns[event.step] + FLASH_NS)
        elif event.kind == "crash":
            for cut in [one for one in mine.values() if one.kind not in ("crash", "pause")]:
                close(cut, at_ns[event.step])
        if _opens(event):
            mine[event.step] = event
    for left in [one for mine in open_slices.values() for one in mine.values()]:
        close(left, last)
    return ends


def _opens(event: "TraceEvent") -> bool:
    """Does a slice that lasts begin here? A watch has no answer but events; it is a moment."""
    if event.kind == "request":
        return "watch" not in (datum(event, "method"), str(datum(event, "verb")).lower())
    if event.kind == "external":
        return bool(datum(event, "phase") == "call")
    return event.kind in SPANS


def _opener(event: "TraceEvent", mine: "dict[int, TraceEvent]") -> "TraceEvent | None":
    """The open slice of its component that this event closes."""
    if event.kind == "external" and datum(event, "phase") != "answer":
        return None
    for cause in event.caused_by:
        opener = mine.get(cause)
        if opener is not None and SPANS[opener.kind] == event.kind:
            return opener
    if event.kind in ("restart", "resume"):  # caused by whoever decided it, not by the crash
        return next((one for one in reversed(mine.values()) if SPANS[one.kind] == event.kind), None)
    return None


def _us(nanoseconds: int) -> float:
    return nanoseconds / NS_PER_US


# --------------------------------------------------------------------------------------------------------------- names


def _processes(lanes: "dict[str, list[_Lane]]") -> dict[str, tuple[str, int]]:
    """(name, number) of each lane's process. Replicas share one, as "website" and "website-1" do."""
    families: dict[str, list[str]] = {}
    for lane in lanes:
        families.setdefault(re.sub(r"-\d+$", "", lane), []).append(lane)
    found: dict[str, tuple[str, int]] = {}
    for number, (family, members) in enumerate(families.items(), 1):
        name = family if len(members) > 1 else members[0]
        found.update(dict.fromkeys(members, (name, number)))
    return found


def _arguments(event: "TraceEvent") -> dict[str, Any]:
    data = {name: datum(event, name) for name in ARGUMENTS}
    known = {"step": event.step, "peer": event.peer, "object": event.object, "revision": event.resource_version, **data}
    return _texts({name: value for name, value in known.items() if value not in (None, "")})


def _texts(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float) else one_line(str(value)) for name, value in values.items()}
