"""The graph says whom to look at: after each change exactly those whose fate it may have changed."""

from typing import Any

from reference_impl.controllers.object_graph import FOREGROUND, ORPHAN, Identity, ObjectGraph
from reference_impl.protocol import JsonObject


def obj(name: str, *owners: str, namespace: str | None = "default", **metadata: Any) -> JsonObject:
    references = [{"apiVersion": "v1", "kind": "ConfigMap", "name": owner, "uid": owner} for owner in owners]
    return {"metadata": {"name": name, "uid": name, "namespace": namespace, "ownerReferences": references, **metadata}}


def put(graph: ObjectGraph, found: JsonObject) -> list[str]:
    return list(graph.put("v1", "ConfigMap", found).to_check)


def test_a_dependent_of_an_observed_owner_is_not_suspect() -> None:
    graph = ObjectGraph()
    put(graph, obj("owner"))
    assert put(graph, obj("child", "owner")) == []
    assert graph.owners_are_well(graph.nodes["child"])


def test_a_dependent_of_an_unobserved_owner_is() -> None:
    graph = ObjectGraph()
    assert put(graph, obj("child", "owner")) == ["child"]
    put(graph, obj("owner"))
    assert graph.owners_are_well(graph.nodes["child"])


def test_a_reference_into_another_namespace_is_suspect() -> None:
    graph = ObjectGraph()
    put(graph, obj("owner", namespace="other"))
    assert put(graph, obj("child", "owner")) == ["child"]


def test_a_cluster_scoped_owner_may_own_across_namespaces() -> None:
    graph = ObjectGraph()
    put(graph, obj("owner", namespace=None))
    assert put(graph, obj("child", "owner")) == []


def test_the_end_of_an_owner_makes_its_dependents_suspect() -> None:
    graph = ObjectGraph()
    put(graph, obj("owner"))
    put(graph, obj("child", "owner"))
    assert list(graph.remove("owner").to_check) == ["child"]
    assert graph.was_removed(Identity("v1", "ConfigMap", None, "owner", "owner"))


def test_an_owner_that_waits_is_told_when_a_dependent_goes() -> None:
    graph = ObjectGraph()
    put(graph, obj("owner"))
    put(graph, obj("child", "owner"))
    waiting = obj("owner", deletionTimestamp="2026-01-01T00:00:00Z", finalizers=[FOREGROUND])
    assert put(graph, waiting) == ["child", "owner"]
    assert put(graph, waiting) == []
    assert list(graph.remove("child").to_check) == ["owner"]


def test_a_reference_that_stops_blocking_makes_the_owner_suspect() -> None:
    graph = ObjectGraph()
    put(graph, obj("owner"))
    blocking = obj("child", "owner")
    blocking["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = True
    put(graph, blocking)
    assert put(graph, obj("child", "owner")) == ["owner"]


def test_an_orphaning_owner_is_named_once() -> None:
    graph = ObjectGraph()
    orphaning = obj("owner", deletionTimestamp="2026-01-01T00:00:00Z", finalizers=[ORPHAN])
    assert list(graph.put("v1", "ConfigMap", orphaning).to_orphan) == ["owner"]
    assert list(graph.put("v1", "ConfigMap", orphaning).to_orphan) == []


def test_dropped_references_leave_no_edge() -> None:
    graph = ObjectGraph()
    put(graph, obj("owner"))
    put(graph, obj("child", "owner"))
    put(graph, obj("child"))
    assert graph.dependents("owner") == []
    assert list(graph.remove("owner").to_check) == []
