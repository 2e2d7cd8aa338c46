"""Tests of the claim that nothing outlives its owner."""

import pytest

from properties.no_orphan_or_leak import NoOrphanOrLeak
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import ComponentFactsFake, FactsFake, FakeView, TrialFake, make

PROPERTY = NoOrphanOrLeak()


def a_world() -> tuple[FakeView, JsonObject]:
    view = FakeView()
    view.starts("website")
    view.starts("garbage-collector", under_test=False)
    owner = view.create(make("Website", "front", api_version="example.com/v1"))
    view.create(make("ConfigMap", "front", owner=owner), by="website")
    return view, owner


def test_a_world_without_a_collector_and_outside_systems_proves_nothing() -> None:
    assert PROPERTY.judge(FakeView().rests()).verdict == "unknown"


def test_a_dependent_of_a_living_owner_holds() -> None:
    view, _ = a_world()
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_a_dependent_of_an_absent_owner_is_an_orphan() -> None:
    view, owner = a_world()
    view.delete(owner)
    judgement = PROPERTY.judge(view.rests())
    assert judgement.verdict == "violated"
    assert judgement.key == "orphan ConfigMap"


def test_an_owner_of_the_right_uid_and_another_name_is_absent() -> None:
    view, owner = a_world()
    stray = make("ConfigMap", "stray", owner=owner)
    stray["metadata"]["ownerReferences"][0]["name"] = "other"
    view.create(stray)
    assert [ref.name for ref in PROPERTY.judge(view.rests()).objects] == ["stray"]


def test_without_a_living_collector_orphans_are_nobodys_fault() -> None:
    view, owner = a_world()
    view.delete(owner)
    view.starts("garbage-collector", under_test=False, alive=False)
    assert PROPERTY.judge(view.rests()).verdict == "unknown"
    assert PROPERTY.judge(view.rests("restarted")).verdict == "unknown"


def test_a_kind_no_longer_served_and_a_dependent_on_its_way_out_are_left_alone() -> None:
    view, owner = a_world()
    view.delete(owner)
    view.mark_deleting(view.list("v1", "ConfigMap")[0])
    assert PROPERTY.judge(view.rests()).verdict != "violated"
    view, owner = a_world()
    view.delete(owner)
    view.custom_kinds = []
    assert PROPERTY.judge(view.rests()).verdict == "holds"


@pytest.mark.parametrize("item", [{"id": "lb-1", "owner": "uid-website-front"}, {"id": "uid-website-front"}])
def test_an_outside_item_leaks_once_its_owner_is_gone(item: JsonObject) -> None:
    view, owner = a_world()
    view.items["dns"] = [item]
    assert PROPERTY.judge(view.rests()).verdict == "holds"
    view.delete(view.list("v1", "ConfigMap")[0])
    view.delete(owner)
    judgement = PROPERTY.judge(view.rests())
    assert judgement.verdict == "violated"
    assert judgement.key == "leak dns"
    assert [str(ref) for ref in judgement.objects] == ["Website default/front"]


def test_strangers_items_containers_and_drift_are_no_leak() -> None:
    view = FakeView()
    gone = view.create(make("Pod", "web-0", uid="gone"))
    view.delete(gone)
    view.items = {"dns": [{"id": "x", "owner": "never-ours"}], "containers/node-0": [{"id": "gone"}]}
    assert PROPERTY.judge(view.rests()).verdict == "holds"
    view.items["dns"].append({"id": "y", "owner": "gone"})
    assert PROPERTY.judge(view.rests()).verdict == "violated"
    view.fired = ["external_drift"]
    assert PROPERTY.judge(view.rests()).verdict == "unknown"


def test_it_applies_where_a_collector_runs_or_an_outside_system_is_used() -> None:
    assert not PROPERTY.applies(TrialFake())
    assert PROPERTY.applies(TrialFake(FactsFake(built_ins=("garbage_collector",))))
    assert PROPERTY.applies(TrialFake(FactsFake(components=(ComponentFactsFake(external_systems=("dns",)),))))
