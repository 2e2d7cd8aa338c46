"""Tests of the opt-in claim that nobody takes down more at once than can be spared."""

from dataclasses import replace
from typing import Any

import pytest

from properties.availability_stays_within_budget import AvailabilityStaysWithinBudget
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, TrialFake, make

PROPERTY = AvailabilityStaysWithinBudget()
READY: JsonObject = {"conditions": [{"type": "Ready", "status": "True"}]}


def a_group(kind: str = "StatefulSet", **spec: Any) -> tuple[FakeView, JsonObject, list[JsonObject]]:
    """Four ready pods of one owner, and who may delete them."""
    view = FakeView()
    view.starts("operator")
    view.starts("statefulset", under_test=False)
    owner = view.create(make(kind, "db", api_version="apps/v1", spec={"replicas": 4, **spec}))
    holder = owner
    if kind == "Deployment":
        holder = view.create(make("ReplicaSet", "db-1", api_version="apps/v1", owner=owner, spec={"replicas": 4}))
    pods = [
        view.create(make("Pod", f"db-{n}", owner=holder, labels={"app": "db"}, status=READY), by="statefulset")
        for n in range(4)
    ]
    return view, owner, pods


def test_who_is_not_under_test_proves_nothing() -> None:
    view, _, pods = a_group()
    view.delete(pods[0], by="statefulset")
    assert PROPERTY.judge(view).verdict == "unknown"


def test_what_was_not_ready_was_no_loss() -> None:
    view, _, pods = a_group()
    for pod in pods:
        view.delete(view.update(pod, status={}), by="operator")
        assert PROPERTY.judge(view).verdict == "holds"


def test_one_at_a_time_holds() -> None:
    view, owner, pods = a_group()
    view.delete(pods[0], by="operator")
    assert PROPERTY.judge(view).verdict == "holds"
    view.create(make("Pod", "db-0", uid="new", owner=owner), by="statefulset")
    view.update(make("Pod", "db-0"), by="kubelet", status=READY)
    view.delete(pods[1], by="operator")
    assert PROPERTY.judge(view).verdict == "holds"


def test_the_second_before_the_first_is_back_is_a_violation() -> None:
    view, owner, pods = a_group()
    view.delete(pods[0], by="operator")
    view.create(make("Pod", "db-0", uid="new", owner=owner), by="statefulset")
    view.delete(pods[1], by="operator")
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "of StatefulSet default/db it has now taken down 2 (db-0, db-1)" in judgement.reason


def test_a_life_answers_for_what_an_earlier_one_took_down() -> None:
    view, _, pods = a_group()
    view.delete(pods[0], by="operator")
    view.restarts("operator")
    view.mark_deleting(pods[1], by="operator")
    assert PROPERTY.judge(view).verdict == "violated"


def test_what_failed_by_itself_is_not_its_doing() -> None:
    view, _, pods = a_group()
    view.delete(pods[0], by="user")
    view.update(pods[1], by="kubelet", status={})
    view.delete(pods[2], by="operator")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_deletion_that_was_given_up_counts_once_it_is_seen() -> None:
    view, _, pods = a_group()
    view.delete(pods[0], by="operator")
    view.past_changes[-1] = replace(view.past_changes[-1], late=True)
    view.delete(pods[1], by="operator")
    assert PROPERTY.judge(view).verdict == "holds"
    view.sees("operator", pods[0] | {"metadata": pods[0]["metadata"] | {"resourceVersion": str(view.revision)}})
    view.delete(pods[2], by="operator")
    assert PROPERTY.judge(view).verdict == "violated"


def test_scaling_down_is_no_outage() -> None:
    view, owner, pods = a_group()
    view.update(owner, spec={"replicas": 2})
    for pod in pods[2:]:
        view.delete(pod, by="operator")
        assert PROPERTY.judge(view).verdict == "holds"


@pytest.mark.parametrize(
    ("kind", "spec", "verdicts"),
    [
        ("StatefulSet", {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "50%"}}}, ["holds"] * 2 + ["violated"]),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, ["holds"] * 3),
        ("Deployment", {}, ["holds", "violated", "violated"]),
        ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": 2}}}, ["holds", "holds", "violated"]),
        ("Deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "10%"}}}, ["holds", "violated", "violated"]),
    ],
)  # fmt: skip
def test_each_kind_of_owner_says_what_it_can_spare(kind: str, spec: JsonObject, verdicts: list[str]) -> None:
    view, _, pods = a_group(kind, **spec)
    for pod, verdict in zip(pods, verdicts, strict=False):
        view.delete(pod, by="operator")
        assert PROPERTY.judge(view).verdict == verdict


@pytest.mark.parametrize(
    ("spec", "verdicts"),
    [
        ({"minAvailable": 2}, ["holds", "holds", "violated"]),
        ({"minAvailable": "100%"}, ["violated", "violated", "violated"]),
        ({"maxUnavailable": "30%"}, ["holds", "holds", "violated"]),
    ],
)
def test_a_disruption_budget_counts_by_its_selector(spec: JsonObject, verdicts: list[str]) -> None:
    view, _, pods = a_group("ReplicaSet")
    budget = {"selector": {"matchLabels": {"app": "db"}}, **spec}
    view.create(make("PodDisruptionBudget", "db", api_version="policy/v1", spec=budget))
    for pod, verdict in zip(pods, verdicts, strict=False):
        view.delete(pod, by="operator")
        assert PROPERTY.judge(view).verdict == verdict


def test_it_is_for_who_declares_a_budget() -> None:
    trial = TrialFake()
    trial.facts.kinds = (("v1", "Pod"),)
    assert not PROPERTY.applies(trial)
    trial.facts.kinds = (("apps/v1", "StatefulSet"),)
    assert PROPERTY.applies(trial)
