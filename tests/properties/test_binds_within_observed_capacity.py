"""Tests of the claim that nobody overfills a node with his eyes open."""

from properties.binds_within_observed_capacity import BindsWithinObservedCapacity
from reference_impl.protocol import ApiRequest, JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = BindsWithinObservedCapacity()


def pod(name: str, cpu: str = "1") -> JsonObject:
    return make("Pod", name, spec={"containers": [{"resources": {"requests": {"cpu": cpu}}}]})


def a_world(cpu: str = "2") -> FakeView:
    view = FakeView()
    view.starts("scheduler", under_test=False)
    node = make("Node", "n", namespace=None, status={"allocatable": {"cpu": cpu, "pods": "10"}})
    view.sees("scheduler", view.create(node))
    return view


def bound(view: FakeView, name: str, by: str) -> JsonObject:
    body = view.create(pod(name))
    sent = view.sends(by, binding(name))
    return view.update(body, by=by, sent=sent, spec={**body["spec"], "nodeName": "n"})


def binding(name: str) -> ApiRequest:
    body = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "n"}}
    return ApiRequest(
        verb="create",
        api_version="v1",
        kind="Pod",
        subresource="binding",
        namespace="default",
        name=name,
        body=body,
    )


def bind(view: FakeView, name: str, cpu: str = "1") -> None:
    view.create(pod(name, cpu))
    view.sends("scheduler", binding(name))


def test_a_users_pod_proves_nothing_and_a_node_nobody_saw_is_not_overfilled() -> None:
    view = a_world()
    view.create(pod("a"))
    assert PROPERTY.judge(view).verdict == "unknown"
    view.restarts("scheduler")
    bind(view, "b", cpu="9")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_pod_that_fits_holds() -> None:
    view = a_world()
    bound(view, "a", "scheduler")
    bind(view, "b")
    assert PROPERTY.judge(view).verdict == "holds"


def test_beside_pods_it_saw_or_bound_itself_it_must_fit() -> None:
    view = a_world()
    view.sees("scheduler", bound(view, "a", "user"))
    bound(view, "b", "scheduler")
    bind(view, "c")
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "3 of 2 cpu" in judgement.reason


def test_pods_it_could_not_know_and_finished_ones_are_excused() -> None:
    view = a_world()
    bound(view, "a", "user")
    bound(view, "b", "user")
    bind(view, "c")
    assert PROPERTY.judge(view).verdict == "holds"
    view = a_world("1")
    done = bound(view, "a", "scheduler")
    view.update(done, status={"phase": "Succeeded"})
    bind(view, "b")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_pod_that_asks_for_nothing_does_not_overfill() -> None:
    view = a_world("1")
    bound(view, "a", "scheduler")
    bind(view, "b", cpu="0")
    assert PROPERTY.judge(view).verdict == "holds"
