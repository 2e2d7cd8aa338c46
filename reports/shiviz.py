"""`report.shiviz.log`: the run for ShiViz, which draws communication graphs from logs with vector clocks.

The first line is the regular expression by which ShiViz reads the rest, the second (empty) would separate several runs;
both as its input page asks for them. An event is two lines: "HOST CLOCK", then what happened. Clocks come from the
happens-before graph: a host's own number goes up by one with each event, and what caused an event is behind it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from reports.plain import label_of, lane_of
from reports.run import run_of

if TYPE_CHECKING:
    from harness.trace import Trace

REGEX = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"
"""JavaScript's syntax; ShiViz wants the groups `host`, `clock` and `event`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiViz:
    """A log for ShiViz, UTF-8."""

    name: str = "shiviz"
    suffix: str = ".shiviz.log"

    def render(self, trace: "Trace") -> bytes:
        """The log of one trace. Same trace, same bytes."""
        lines = [REGEX, ""]
        for event, (host, clock) in zip(trace.events, _clocks(trace), strict=True):
            lines += [f"{host} {orjson.dumps(clock).decode()}", f"{event.time_s:,.3f} s {label_of(event)}"]
        return ("\n".join(lines) + "\n").encode()


def _clocks(trace: "Trace") -> "Iterator[tuple[str, dict[str, int]]]":
    """(host, vector clock) of each event, in order."""
    graph = run_of(trace).graph
    latest: dict[str, dict[str, int]] = {}
    of_step: dict[int, dict[str, int]] = {}
    for event in trace.events:
        host = re.sub(r"\s+", "_", lane_of(event))
        clock = dict(latest.get(host, {}))
        for cause in sorted(graph.predecessors(event.step)):
            for other, count in of_step[cause].items():
                if count > clock.get(other, 0):
                    clock[other] = count
        clock[host] = clock.get(host, 0) + 1
        latest[host] = of_step[event.step] = clock
        yield host, clock
