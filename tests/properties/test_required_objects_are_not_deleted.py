"""Tests of the claim that nobody destroys, out of the past, what the present requires."""

from typing import Any

from harness.contract import ObjectRef
from properties.required_objects_are_not_deleted import RequiredObjectsAreNotDeleted
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = RequiredObjectsAreNotDeleted()


def a_world(kind: str = "StatefulSet") -> tuple[FakeView, JsonObject, JsonObject]:
    """The operator's first life saw the present spec; its second life has so far seen the one before."""
    view = FakeView()
    view.starts("operator")
    old = view.create(make("Website", "front", api_version="example.com/v1", generation=1, spec={"proxy": False}))
    new = view.update(old, metadata={"generation": 2}, spec={"proxy": True})
    view.sees("operator", new)
    child = view.create(make(kind, "proxy", api_version="apps/v1", owner=new), by="operator")
    view.requirements = [ObjectRef.to(child)]
    view.restarts("operator")
    view.sees("operator", old)
    return view, new, child


def test_what_users_delete_proves_nothing_and_what_is_not_required_may_go() -> None:
    view, _, child = a_world()
    view.delete(child, by="user")
    assert PROPERTY.judge(view).verdict == "unknown"
    view, _, child = a_world()
    view.requirements = []
    view.delete(child, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"


def test_who_knows_the_present_spec_may_replace_a_child() -> None:
    view, site, child = a_world()
    view.sees("operator", site)
    view.delete(child, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"


def test_deleting_on_the_word_of_an_old_spec_is_a_violation() -> None:
    view, _, child = a_world()
    more: dict[str, Any] = {"precondition_uid": "uid-statefulset-proxy"}
    view.delete(child, by="operator", **more)
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "old spec of Website default/front" in judgement.reason


def test_a_precondition_on_the_revision_covers_it() -> None:
    view, _, child = a_world()
    view.delete(child, by="operator", precondition_resource_version="4")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_spec_that_no_life_ever_saw_is_excused() -> None:
    view, site, child = a_world()
    view.update(site, metadata={"generation": 3}, spec={"proxy": True, "more": 1})
    view.delete(child, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_pod_or_a_child_of_a_leaving_owner_may_go() -> None:
    view, _, child = a_world(kind="Pod")
    view.delete(child, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"
    view, site, child = a_world()
    view.mark_deleting(site)
    view.delete(child, by="operator")
    assert PROPERTY.judge(view).verdict == "holds"
