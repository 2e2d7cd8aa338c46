"""Which nodes can take a pod."""

from typing import Any

import pytest

from reference_impl.scheduler.fit import covers, limits_met, refusal, score


def node(*, labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "node-1", "labels": labels or {}}, "spec": spec}


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": spec}


def test_a_node_with_room_takes_the_pod() -> None:
    assert refusal(pod(), node(), {"cpu": 100}, {"cpu": 100}) is None


def test_a_full_node_does_not() -> None:
    assert refusal(pod(), node(), {"cpu": 101}, {"cpu": 100}) == "Insufficient cpu"
    assert refusal(pod(), node(), {"pods": 1000}, {"pods": 0}) == "Too many pods"


def test_a_cordoned_node_takes_only_who_tolerates_it() -> None:
    assert refusal(pod(), node(unschedulable=True), {}, {}) == "node(s) were unschedulable"
    anything = {"operator": "Exists"}
    assert refusal(pod(tolerations=[anything]), node(unschedulable=True), {}, {}) is None


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_taints_keep_pods_away(effect: str) -> None:
    tainted = node(taints=[{"key": "gpu", "value": "yes", "effect": effect}])
    assert refusal(pod(), tainted, {}, {}) == "node(s) had untolerated taint {gpu: yes}"


def test_prefer_no_schedule_keeps_nobody_away() -> None:
    assert refusal(pod(), node(taints=[{"key": "gpu", "effect": "PreferNoSchedule"}]), {}, {}) is None


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "value": "no"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "Equal", "value": "yes"}, False),
    ],
)
def test_tolerations_cover_what_they_name(toleration: dict[str, str], expected: bool) -> None:
    assert covers(toleration, {"key": "gpu", "value": "yes", "effect": "NoSchedule"}) is expected


def test_a_node_selector_must_match() -> None:
    picky = pod(nodeSelector={"disk": "ssd"})
    assert refusal(picky, node(labels={"disk": "ssd"}), {}, {}) is None
    assert refusal(picky, node(), {}, {}) == "node(s) didn't match Pod's node affinity/selector"


def affinity(**requirement: Any) -> dict[str, Any]:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}
    return pod(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})


@pytest.mark.parametrize(
    ("operator", "values", "fits"),
    [
        ("In", ["a", "b"], True),
        ("NotIn", ["a"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
        ("Gt", ["1"], False),
    ],
)
def test_required_node_affinity_must_hold(operator: str, values: list[str], fits: bool) -> None:
    wants = affinity(key="zone", operator=operator, values=values)
    assert (refusal(wants, node(labels={"zone": "a"}), {}, {}) is None) is fits


def test_an_empty_node_scores_higher() -> None:
    assert score({"cpu": 0}, {"cpu": 100}) > score({"cpu": 50}, {"cpu": 100}) > score({"cpu": 200}, {"cpu": 100})


def test_a_limit_of_this_scheduler_is_said_and_not_ignored() -> None:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [{}]}
    assert "not modelled" in str(limits_met(pod(affinity={"podAntiAffinity": required})))
    assert "not modelled" in str(limits_met(pod(topologySpreadConstraints=[{"whenUnsatisfiable": "DoNotSchedule"}])))
    assert (
        limits_met(pod(affinity={"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{}]}})) is None
    )
