"""Who writes what for whom is a graph without a centre: no component commands the others and waits for each.

Components meet in objects: one writes, another hears of it. A coordinator shows in that graph as a hub: at least
`spokes_least` others (arbitrary: a centre of two is a middle) write for it and are written for by it, and none of them
for another. Choreography looks otherwise: what one has done is what the next one starts from.

Judged of programs under test, at rest, from all that was committed; copies of one program are one. Components that talk
past the API server are not seen here. Opt-in: a coordinator may be wanted (a workflow engine), and is no bug by itself.
"""

from dataclasses import dataclass
from typing import Any

import networkx

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT, final_rest, program_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCoordinator:
    name: str = "no_coordinator"
    source: str = (
        "Gasch, Kubernetes patterns (2023), page 23 (no central coordinator); "
        "https://kubernetes.io/docs/concepts/architecture/controller/#design; "
        "https://martinfowler.com/articles/201701-event-driven.html"
    )
    voided_by: tuple[str, ...] = ("a design that wants a coordinator",)
    when: str = "at_rest"
    opt_in: bool = True
    spokes_least: int = 3

    def applies(self, trial: Any) -> bool:
        facts = getattr(trial, "facts", None)
        return facts is None or sum(component.under_test for component in facts.components) > self.spokes_least

    def judge(self, view: View) -> Judgement:
        if not final_rest(view):
            return ABSENT
        graph = who_writes_for_whom(view)
        if not graph.edges:
            return ABSENT
        for hub in sorted(graph.nodes):
            spokes = sorted(other for other in graph.successors(hub) if graph.has_edge(other, hub))
            others = graph.subgraph(node for node in graph.nodes if node != hub)
            if len(spokes) >= self.spokes_least and not others.edges:
                kinds = ", ".join(
                    f"{kind} for {spoke}" for spoke in spokes for kind in graph.edges[hub, spoke]["kinds"]
                )
                reason = f"{hub} writes {kinds}, hears from each of them, and none of them from another: a coordinator"
                return Judgement.violated(reason, key=hub)
        return HOLDS


def who_writes_for_whom(view: View) -> "networkx.DiGraph[str]":
    """From a program under test to each other one that heard of what it wrote; `kinds` of an edge, sorted."""
    tested = {each.name: program_of(view, each.name) for each in view.components() if each.under_test}
    writers = {change.revision: tested[change.component] for change in view.changes() if change.component in tested}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(sorted(set(tested.values())))
    for stream in view.streams():
        listener = tested.get(stream.component)
        if listener is None:
            continue
        for kind, _, _, revision in stream.events:
            writer = writers.get(revision)
            # A bookmark tells of somebody else's write only that it has been.
            if kind != "BOOKMARK" and writer is not None and writer != listener:
                known = graph.get_edge_data(writer, listener, {"kinds": []})["kinds"]
                graph.add_edge(writer, listener, kinds=sorted({*known, stream.kind}))
    return graph
