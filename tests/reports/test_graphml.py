import io

import networkx
import pytest

from harness.trace import Trace
from reports.graphml import GraphMl, told_graph
from reports.run import run_of
from tests.reports.kept import all_traces
from tests.reports.traces import trace_of, website_trace


def read(content: bytes) -> "networkx.DiGraph[int]":
    return networkx.read_graphml(io.BytesIO(content), node_type=int)


@all_traces
def test_the_graph_reads_back_equal(trace: Trace) -> None:
    told, back = told_graph(trace), read(GraphMl().render(trace))
    assert dict(back.nodes(data=True)) == dict(told.nodes(data=True))
    assert set(back.edges) == set(told.edges) == set(run_of(trace).graph.edges)


@all_traces
def test_what_leads_to_the_violation_is_marked(trace: Trace) -> None:
    marked = {step for step, explains in read(GraphMl().render(trace)).nodes(data="explains") if explains}
    assert marked == set(run_of(trace).slice)


def test_an_event_is_a_node_with_its_sentence_and_its_place() -> None:
    node = read(GraphMl().render(website_trace())).nodes[3]
    assert node["label"] == "website creates Deployment default/front"
    assert (node["component"], node["time_s"]) == ("website", 0.3)


@pytest.mark.parametrize("trace", [trace_of(), website_trace()])
def test_the_same_trace_gives_the_same_bytes(trace: Trace) -> None:
    assert GraphMl().render(trace) == GraphMl().render(Trace.from_jsonl(trace.to_jsonl()) if trace.events else trace)
