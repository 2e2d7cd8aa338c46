"""Who owns what at the moment of the violation: objects by their owner references, outside items by what they name.

A leak is an item or an object whose owner has gone; the opposite mistake is an object that is gone while its owner
lives. Both are seen at once when what belongs together stands together.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx

from reports.facts import datum
from reports.shown import shown

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run

CLAIMS = (
    "no_orphan_or_leak",
    "garbage_collection_spares_the_owned",
    "one_external_object_per_owner",
    "unique_children",
    "adopts_only_living_unowned_objects",
    "deletions_finish",
    "finalizer_before_effect",
    "no_create_under_an_owner_observed_deleting",
)
"""Claims about who owns what. For others the graph is shown only if an owner is missing."""

GONE = ("gone", "unknown")

ROWS_MAX = 200
"""Objects of one report."""


@dataclass(frozen=True, slots=True)
class Owned:
    """One row: an object or outside item, indented below its owner."""

    name: str
    depth: int
    state: str
    """"" (it is there), "gone", "marked" (for deletion), "unknown" (only its uid is known)."""
    orphan: bool
    """It is there and its owner is not."""
    named: bool
    """The violation names it."""
    step: int | None
    """Of the last write to it."""


@dataclass(slots=True)
class _Node:
    name: str
    state: str
    step: int | None
    owners: tuple[str, ...] = ()


def ownership_of(run: "Run") -> list[Owned]:
    """Families of the accused, each root with what it owns; empty if the violation is about something else."""
    violation = run.facts.violation
    if violation is None:
        return []
    nodes = _nodes(run, violation.step)
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(sorted(nodes))
    for uid in sorted(nodes):
        for owner in nodes[uid].owners:
            graph.add_edge(owner, uid)
    for uid in sorted(set(graph) - set(nodes)):
        nodes[uid] = _Node(f"something with uid {uid}", "unknown", None)
    named = {name for name in datum(violation, "objects") or () if isinstance(name, str)}
    orphans = {
        uid for uid in nodes if nodes[uid].state == "" and any(nodes[o].state in GONE for o in nodes[uid].owners)
    }
    if not orphans and run.facts.claim not in CLAIMS:
        return []
    return _rows(graph, nodes, orphans, {uid for uid, node in nodes.items() if node.name in named})


def _rows(graph: "networkx.DiGraph[str]", nodes: dict[str, _Node], orphans: set[str], named: set[str]) -> list[Owned]:
    families = [family for family in networkx.weakly_connected_components(graph) if family & (orphans | named)]
    rows: list[Owned] = []
    placed: set[str] = set()

    def place(uid: str, depth: int) -> None:
        if uid in placed or len(rows) >= ROWS_MAX:
            return
        placed.add(uid)
        node = nodes[uid]
        rows.append(Owned(shown(node.name, 120), min(depth, 6), node.state, uid in orphans, uid in named, node.step))
        for child in sorted(graph.successors(uid), key=lambda child: (nodes[child].name, child)):
            if depth < 100:
                place(child, depth + 1)

    for family in sorted(families, key=lambda family: min((nodes[uid].name, uid) for uid in family)):
        members = sorted(family, key=lambda uid: (graph.in_degree(uid) > 0, nodes[uid].name, uid))
        for uid in members:  # roots first; what a ring of owners leaves over comes after
            place(uid, 0)
    return rows


def _nodes(run: "Run", before: int) -> dict[str, _Node]:
    """uid (or "system/id") -> node, as it stood at the violation."""
    nodes: dict[str, _Node] = {}
    uids: dict[str, str] = {}
    for event in run.trace.events[: before + 1]:
        if event.kind == "commit":
            _commit(event, nodes, uids)
        elif event.kind == "external" and datum(event, "phase") in ("effect", "drift") and event.object:
            _effect(event, nodes)
    return nodes


def _commit(event: "TraceEvent", nodes: dict[str, _Node], uids: dict[str, str]) -> None:
    value: Any = datum(event, "value")
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict):
        if (uid := uids.pop(event.object, None)) is not None:
            nodes[uid].state, nodes[uid].step = "gone", event.step
        return
    uid = str(metadata.get("uid") or event.object)
    references = metadata.get("ownerReferences")
    listed = references if isinstance(references, list) else []
    owners = tuple(str(one["uid"]) for one in listed if isinstance(one, dict) and one.get("uid"))
    deleted = "DELETED" in (datum(event, "type"), datum(event, "fact"))
    state = "gone" if deleted else "marked" if metadata.get("deletionTimestamp") else ""
    nodes[uid] = _Node(event.object, state, event.step, owners)
    uids[event.object] = uid


def _effect(event: "TraceEvent", nodes: dict[str, _Node]) -> None:
    key = f"{event.component}/{event.object}"
    if datum(event, "verb") == "delete":
        if key in nodes:
            nodes[key].state, nodes[key].step = "gone", event.step
        return
    body = datum(event, "body")
    named = body.get("owner") if isinstance(body, dict) else None
    owner = str(named or event.object)  # a key that is an object's uid names its owner as well
    owners = (owner,) if named or owner in nodes else ()
    nodes[key] = _Node(f"{event.object} in {event.component}", "", event.step, owners)
