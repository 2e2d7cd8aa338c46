"""Tests of the claim that a value from a pool has one live owner."""

from typing import Any

import pytest

from harness.contract import SentRequest
from properties.unique_allocations import UniqueAllocations
from reference_impl.protocol import ApiRequest, JsonObject
from tests.properties.fake_view import FactsFake, FakeView, TrialFake, make

PROPERTY = UniqueAllocations()
RANGE = "10.0.1.0/24"


def a_node(name: str) -> JsonObject:
    return make("Node", name, namespace=None)


def give(view: FakeView, name: str, value: str | None = RANGE, by: str = "ranges", said: Any = None) -> str:
    """Somebody writes a range into a Node; what is said of that."""
    view.update(a_node(name), by=by, verb="patch", sent=a_request(view, name, value, by, said), spec={"podCIDR": value})
    return PROPERTY.judge(view).verdict


def a_request(view: FakeView, name: str, value: str | None, by: str, said: Any = None) -> SentRequest:
    body = {"spec": {"podCIDR": value}} if said is None else said
    return view.sends(by, ApiRequest(verb="patch", api_version="v1", kind="Node", name=name, body=body))


def two_nodes(first_by: str = "ranges") -> FakeView:
    """The first of two has a range."""
    view = FakeView()
    view.starts("ranges")
    view.starts("others")
    view.create(a_node("a"))
    view.create(a_node("b"))
    assert give(view, "a", by=first_by) in ("holds", "unknown")
    return view


def test_users_prove_nothing_and_other_work_holds() -> None:
    view = two_nodes()
    assert give(view, "b", by="user") == "unknown"
    view.create(make("Secret", "tls"), by="ranges")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_second_owner_of_what_it_gave_itself_is_a_violation_in_a_later_life_too() -> None:
    assert give(two_nodes(), "b") == "violated"
    view = two_nodes()
    view.restarts("ranges")
    assert give(view, "b") == "violated"
    assert "gave 10.0.1.0/24 to Node b, which Node a has" in PROPERTY.judge(view).reason


def test_so_is_a_second_owner_of_what_it_saw_whoever_gave_it() -> None:
    view = two_nodes(first_by="user")
    view.sees("ranges", view.list("v1", "Node")[0])
    assert give(view, "b") == "violated"


def test_what_another_gave_and_it_never_saw_is_not_held_against_it() -> None:
    assert give(two_nodes(first_by="others"), "b") == "holds"


def test_another_value_and_the_same_value_again_hold() -> None:
    assert give(two_nodes(), "b", "10.0.2.0/24") == "holds"
    view = two_nodes()
    assert give(view, "a") == "holds"


def test_a_value_is_free_when_its_owner_has_lost_it_is_deleting_or_gone() -> None:
    view = two_nodes()
    give(view, "a", None)
    assert give(view, "b") == "holds"
    view = two_nodes()
    view.mark_deleting(a_node("a"))
    assert give(view, "b") == "holds"
    view = two_nodes()
    view.delete(a_node("a"))
    assert give(view, "b") == "holds"


def test_what_the_api_server_chose_is_not_its_doing() -> None:
    assert give(two_nodes(), "b", said={"metadata": {"labels": {"a": "b"}}}) == "holds"


def test_a_list_of_operations_says_it_too() -> None:
    said = [{"op": "add", "path": "/spec/podCIDR", "value": RANGE}]
    assert give(two_nodes(), "b", said=said) == "violated"


def test_a_command_that_commits_after_it_was_given_up_is_told_as_a_warning_and_excuses_the_other() -> None:
    view = two_nodes()
    give(view, "b", None)
    view.create(
        make("Node", "c", namespace=None, spec={"podCIDR": RANGE}),
        by="ranges",
        sent=a_request(view, "c", RANGE, "ranges"),
        late=True,
    )
    assert PROPERTY.judge(view).verdict == "warned"
    view.delete(a_node("a"))
    assert give(view, "b") == "holds"


@pytest.mark.parametrize(
    "nothing", [{"clusterIP": "None"}, {"clusterIP": ""}, {"ports": [{"port": 80, "nodePort": 0}]}]
)
def test_nothing_may_be_had_by_all(nothing: JsonObject) -> None:
    assert two_services(nothing, nothing) == "holds"


def test_ports_of_services_are_one_pool() -> None:
    port, check = {"ports": [{"port": 80, "nodePort": 30080}]}, {"healthCheckNodePort": 30080}
    assert two_services(port, port) == "violated"
    assert two_services(port, check) == "violated"
    assert two_services(port, {"ports": [{"port": 80, "nodePort": 30081}]}) == "holds"


def two_services(first: JsonObject, second: JsonObject) -> str:
    view = FakeView()
    view.starts("gate")
    for name, spec in (("a", first), ("b", second)):
        obj = make("Service", name, spec=spec)
        request = ApiRequest(verb="create", api_version="v1", kind="Service", namespace="default", body=obj)
        view.create(obj, by="gate", sent=view.sends("gate", request))
    return PROPERTY.judge(view).verdict


def test_a_pool_of_ones_own_can_be_named() -> None:
    claim = UniqueAllocations(name="ports_are_unique", pools=(("Listener.status.port",),))
    view = FakeView()
    view.starts("gate")
    for name in ("a", "b"):
        obj = make("Listener", name, status={"port": 8000})
        request = ApiRequest(verb="create", api_version="v1", kind="Listener", namespace="default", body=obj)
        view.create(obj, by="gate", sent=view.sends("gate", request))
    assert claim.judge(view).verdict == "violated"
    assert PROPERTY.judge(view).verdict == "holds"


def test_it_applies_where_a_kind_of_its_pools_exists() -> None:
    assert not PROPERTY.applies(TrialFake())
    assert PROPERTY.applies(TrialFake(FactsFake(kinds=(("v1", "Node"),))))
