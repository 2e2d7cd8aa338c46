"""`report.graphml`: the happens-before graph, for networkx, Gephi, yEd and their kind.

A node is a trace event (its step), an edge leads from a cause to what came of it. Nodes say what happened, where and
when, whether they belong to the causal slice of the violation, and which of them is the wrong write.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import networkx

from reports.plain import label_of, lane_of, one_line
from reports.run import run_of

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent
    from reports.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphMl:
    """A graph as GraphML, UTF-8."""

    name: str = "graphml"
    suffix: str = ".graphml"

    def render(self, trace: "Trace") -> bytes:
        """The graph of one trace. Same trace, same bytes."""
        return "".join(_lines(told_graph(trace))).encode()


TYPES = {
    "kind": "string",
    "component": "string",
    "peer": "string",
    "object": "string",
    "label": "string",
    "time_s": "double",
    "resource_version": "long",
    "explains": "boolean",
    "wrong": "boolean",
}
"""What nodes say, with GraphML's types."""


def _lines(graph: "networkx.DiGraph[int]") -> Iterator[str]:
    """GraphML, written as it comes. networkx builds the whole document as a tree first: of 100,000 events that takes
    0.5 GB and 10 s, and its other writer, which does not, needs lxml."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, of_type in TYPES.items():
        yield f'<key id="{name}" for="node" attr.name="{name}" attr.type="{of_type}"/>\n'
    yield '<graph edgedefault="directed">\n'
    for step, said in graph.nodes(data=True):
        data = "".join(f'<data key="{name}">{_value(value)}</data>' for name, value in said.items())
        yield f'<node id="{step}">{data}</node>\n'
    for cause, effect in graph.edges:
        yield f'<edge source="{cause}" target="{effect}"/>\n'
    yield "</graph>\n</graphml>\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return escape(value) if isinstance(value, str) else repr(value)


def told_graph(trace: "Trace") -> "networkx.DiGraph[int]":
    """The run's graph with what a reader wants to see of each event."""
    run = run_of(trace)
    marks = _marks(run)
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    for event in trace.events:
        graph.add_node(event.step, **_attributes(event), **marks(event.step))
    graph.add_edges_from(sorted(run.graph.edges))
    return graph


def _attributes(event: "TraceEvent") -> dict[str, Any]:
    """GraphML has no null: what an event does not have is left out."""
    named = {
        "kind": event.kind,
        "component": lane_of(event),
        "peer": one_line(event.peer),
        "object": one_line(event.object),
        "label": label_of(event),
    }
    found: dict[str, Any] = {name: value for name, value in named.items() if value}
    found["time_s"] = float(round(event.time_s, 6))
    if event.resource_version is not None:
        found["resource_version"] = event.resource_version
    return found


def _marks(run: "Run") -> Any:
    explains, wrong = frozenset(run.slice), run.blame.step
    return lambda step: {"explains": step in explains, "wrong": step == wrong}
