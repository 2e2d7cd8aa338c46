"""Tests of the claim that a StatefulSet identity runs once."""

from properties.one_runner_per_identity import OneRunnerPerIdentity
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = OneRunnerPerIdentity()


def a_world(owner_kind: str = "StatefulSet") -> tuple[FakeView, JsonObject]:
    """`web-0` was replaced; both nodes run it."""
    view = FakeView()
    view.starts("kubelet-a", under_test=False)
    for node in ("a", "b"):
        view.create(make("Node", node, namespace=None))
    owner = view.create(make(owner_kind, "web", api_version="apps/v1"))
    pod = view.create(make("Pod", "web-0", uid="new", owner=owner, spec={"nodeName": "b"}))
    view.items = {
        "containers/a": [{"id": "old", "namespace": "default", "name": "web-0", "state": "running"}],
        "containers/b": [{"id": "new", "namespace": "default", "name": "web-0", "state": "running"}],
    }
    return view, view.update(pod, by="kubelet-a", status={"phase": "Running"})


def test_other_kinds_prove_nothing() -> None:
    view, _ = a_world()
    view.create(make("Secret", "tls"))
    assert PROPERTY.judge(view).verdict == "unknown"
    assert PROPERTY.judge(a_world("ReplicaSet")[0]).verdict == "unknown"


def test_one_that_runs_and_one_that_exited_hold() -> None:
    view, _ = a_world()
    view.items["containers/a"][0]["state"] = "exited"
    assert PROPERTY.judge(view).verdict == "holds"


def test_two_that_run_are_a_violation() -> None:
    judgement = PROPERTY.judge(a_world()[0])
    assert judgement.verdict == "violated"
    assert "uid old on a and uid new on b" in judgement.reason


def test_a_namesake_elsewhere_is_no_second_runner() -> None:
    view, _ = a_world()
    view.items["containers/a"][0]["namespace"] = "other"
    assert PROPERTY.judge(view).verdict == "holds"


def replaced(by: str) -> FakeView:
    """The same name again, after the pod before it was removed."""
    view, pod = a_world()
    view.delete(pod, by=by, grace_period_s=0)
    owner = view.list("apps/v1", "StatefulSet")[0]
    view.create(make("Pod", "web-0", uid="newest", owner=owner))
    return view


def test_a_user_who_forces_a_pod_out_gives_the_guarantee_up_and_a_kubelet_does_not() -> None:
    assert PROPERTY.judge(replaced("user")).verdict == "holds"
    assert PROPERTY.judge(replaced("kubelet-a")).verdict == "violated"


def test_removing_the_node_or_marking_it_out_of_service_gives_it_up_too() -> None:
    view, pod = a_world()
    view.delete(view.list("v1", "Node")[0])
    view.update(pod, by="kubelet-a")
    assert PROPERTY.judge(view).verdict == "holds"
    view, pod = a_world()
    taint = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}
    view.update(view.list("v1", "Node")[0], spec={"taints": [taint]})
    view.update(pod, by="kubelet-a")
    assert PROPERTY.judge(view).verdict == "holds"
