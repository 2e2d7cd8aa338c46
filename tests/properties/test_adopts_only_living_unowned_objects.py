"""Tests of the claim that adoption takes nothing from anyone, and nothing for the dying."""

from harness.contract import ObjectRef
from properties.adopts_only_living_unowned_objects import AdoptsOnlyLivingUnownedObjects
from reference_impl.objects import owner_reference
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = AdoptsOnlyLivingUnownedObjects()


def a_world() -> tuple[FakeView, JsonObject, JsonObject]:
    view = FakeView()
    view.starts("replicaset")
    owner = view.create(make("ReplicaSet", "web", api_version="apps/v1", finalizers=["orphan"]))
    view.sees("replicaset", owner)
    return view, owner, view.create(make("Pod", "stray"))


def adopt(view: FakeView, owner: JsonObject, pod: JsonObject) -> None:
    view.update(pod, by="replicaset", verb="patch", metadata={"ownerReferences": [owner_reference(owner)]})


def test_a_users_update_proves_nothing_and_one_that_leaves_owners_alone_holds() -> None:
    view, _, pod = a_world()
    view.update(pod, metadata={"labels": {"a": "b"}})
    assert PROPERTY.judge(view).verdict == "unknown"
    view.update(pod, by="replicaset", metadata={"labels": {"a": "c"}})
    assert PROPERTY.judge(view).verdict == "holds"


def test_adopting_an_orphan_holds() -> None:
    view, owner, pod = a_world()
    adopt(view, owner, pod)
    assert PROPERTY.judge(view).verdict == "holds"


def test_taking_from_a_living_controller_is_a_violation_and_from_a_dead_one_is_not() -> None:
    view, owner, pod = a_world()
    other = view.create(make("ReplicaSet", "other", api_version="apps/v1"))
    adopt(view, other, pod)
    adopt(view, owner, pod)
    assert "ReplicaSet default/other controls" in PROPERTY.judge(view).reason
    adopt(view, other, pod)
    view.delete(other)
    adopt(view, owner, pod)
    assert PROPERTY.judge(view).verdict == "holds"


def test_adopting_for_an_owner_known_to_leave_is_a_violation() -> None:
    view, owner, pod = a_world()
    view.sees("replicaset", view.mark_deleting(owner))
    adopt(view, owner, pod)
    assert "knew" in PROPERTY.judge(view).reason


def test_adopting_from_the_cache_alone_is_one_and_a_lost_race_after_a_live_look_is_not() -> None:
    view, owner, pod = a_world()
    before = view.revision
    view.mark_deleting(owner)
    adopt(view, owner, pod)
    assert "never looked" in PROPERTY.judge(view).reason
    view.live_reads[("replicaset", ObjectRef.to(owner))] = before
    assert PROPERTY.judge(view).verdict == "holds"
