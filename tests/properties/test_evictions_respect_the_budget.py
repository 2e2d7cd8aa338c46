"""Tests of the opt-in claim that deletes honour disruption budgets."""

from typing import Any

import pytest

from properties.evictions_respect_the_budget import EvictionsRespectTheBudget
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = EvictionsRespectTheBudget()
READY: JsonObject = {"conditions": [{"type": "Ready", "status": "True"}]}


def a_deletion(by: str = "website", *, allowed: int = 0, selector: Any = None, ready: bool = True) -> FakeView:
    view = FakeView()
    view.starts("website")
    view.starts("replicaset", under_test=False)
    spec = {"selector": selector if selector is not None else {"matchLabels": {"app": "web"}}}
    budget = make("PodDisruptionBudget", "web", api_version="policy/v1", spec=spec)
    view.create({**budget, "status": {"disruptionsAllowed": allowed}})
    pod = make("Pod", "web-0", labels={"app": "web"}, status=READY if ready else {})
    view.mark_deleting(view.create(pod), by=by)
    return view


def test_pods_without_a_budget_and_others_deletions_prove_nothing() -> None:
    assert PROPERTY.judge(a_deletion(selector={"matchLabels": {"app": "db"}})).verdict == "unknown"
    assert PROPERTY.judge(a_deletion("replicaset")).verdict == "unknown"


def test_a_disruption_that_is_allowed_holds() -> None:
    assert PROPERTY.judge(a_deletion(allowed=1)).verdict == "holds"


def test_one_that_is_not_is_a_violation() -> None:
    assert PROPERTY.judge(a_deletion()).verdict == "violated"


@pytest.mark.parametrize(
    ("operator", "values", "verdict"),
    [
        ("In", ["web"], "violated"),
        ("NotIn", ["web"], "unknown"),
        ("Exists", [], "violated"),
        ("DoesNotExist", [], "unknown"),
    ],
)
def test_expressions_select_as_in_kubernetes(operator: str, values: list[str], verdict: str) -> None:
    expression = {"key": "app", "operator": operator, "values": values}
    assert PROPERTY.judge(a_deletion(selector={"matchExpressions": [expression]})).verdict == verdict


def test_a_pod_that_is_not_ready_costs_nothing() -> None:
    assert PROPERTY.judge(a_deletion(ready=False)).verdict == "unknown"
