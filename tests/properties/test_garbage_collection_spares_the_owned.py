"""Tests of the claim that the collector leaves alone what has an owner."""

from properties.garbage_collection_spares_the_owned import GarbageCollectionSparesTheOwned
from reference_impl.objects import owner_reference
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = GarbageCollectionSparesTheOwned()


def a_world() -> tuple[FakeView, JsonObject, JsonObject]:
    view = FakeView()
    view.starts("garbage-collector", under_test=False)
    owner = view.create(make("Website", "front", api_version="example.com/v1"))
    return view, owner, view.create(make("Secret", "tls", owner=owner))


def test_a_rest_proves_nothing_and_others_may_delete() -> None:
    view, _, tls = a_world()
    view.delete(tls)
    assert PROPERTY.judge(view).verdict == "holds"
    assert PROPERTY.judge(view.rests()).verdict == "unknown"


def test_a_dependent_of_an_absent_owner_may_go() -> None:
    view, owner, tls = a_world()
    view.delete(owner)
    view.delete(tls, by="garbage-collector")
    assert PROPERTY.judge(view).verdict == "holds"


def test_one_living_owner_among_dead_ones_keeps_it() -> None:
    view, owner, tls = a_world()
    second = view.create(make("ConfigMap", "second"))
    references = [owner_reference(owner), owner_reference(second, controller=False)]
    tls = view.update(tls, metadata={"ownerReferences": references})
    view.delete(owner)
    view.delete(tls, by="garbage-collector")
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "ConfigMap default/second owns and keeps" in judgement.reason


def test_an_owner_that_waits_for_its_dependents_lets_go_and_one_that_only_leaves_does_not() -> None:
    view, owner, tls = a_world()
    view.mark_deleting(view.update(owner, metadata={"finalizers": ["foregroundDeletion"]}))
    view.delete(tls, by="garbage-collector")
    assert PROPERTY.judge(view).verdict == "holds"
    view, owner, tls = a_world()
    view.mark_deleting(view.update(owner, metadata={"finalizers": ["example.com/cleanup"]}))
    view.delete(tls, by="garbage-collector")
    assert PROPERTY.judge(view).verdict == "violated"
