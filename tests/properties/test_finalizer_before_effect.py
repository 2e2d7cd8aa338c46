"""Tests of the claim that nothing outside is made before there is a finalizer."""

from typing import Any

from properties.finalizer_before_effect import FinalizerBeforeEffect
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import ComponentFactsFake, FactsFake, FakeView, TrialFake, make

PROPERTY = FinalizerBeforeEffect()
KIND = ("example.com/v1", "Bucket")
BUCKET = make("Bucket", "logs", api_version=KIND[0])
UID = BUCKET["metadata"]["uid"]
ITEM = {"id": "ext-1", "owner": UID}


def someone(name: str, *systems: str, finalizes: bool = True) -> ComponentFactsFake:
    return ComponentFactsFake(name=name, external_systems=systems, kinds_finalized=(KIND,) if finalizes else ())


def a_world(*items: JsonObject, others: tuple[ComponentFactsFake, ...] = (), **metadata: Any) -> FakeView:
    """One bucket, and what is outside."""
    view = FakeView(trial=TrialFake(FactsFake(components=(someone("buckets", "cloud"), *others))))
    for name in ("buckets", *(other.name for other in others)):
        view.starts(name)
    view.create(make("Bucket", "logs", api_version=KIND[0], **metadata))
    view.items = {"cloud": list(items), "dns": []}
    return view


def finalize(view: FakeView, *finalizers: str, by: str = "buckets") -> str:
    view.update(BUCKET, by=by, metadata={"finalizers": list(finalizers)})
    return PROPERTY.judge(view).verdict


def test_other_changes_prove_nothing() -> None:
    view = a_world(ITEM)
    view.update(BUCKET, by="buckets", metadata={"labels": {"a": "b"}})
    assert PROPERTY.judge(view).verdict == "unknown"
    view.mark_deleting(BUCKET, by="buckets")
    assert PROPERTY.judge(view).verdict == "unknown"


def test_a_finalizer_that_comes_first_holds() -> None:
    assert finalize(a_world(), "a") == "holds"
    assert finalize(a_world({"id": "ext-1", "owner": "stranger"}), "a") == "holds"


def test_a_finalizer_that_comes_after_the_effect_is_a_violation() -> None:
    view = a_world(ITEM)
    assert finalize(view, "a") == "violated"
    assert "cloud had ext-1 for it already" in PROPERTY.judge(view).reason
    assert finalize(a_world({"id": UID}), "a") == "violated"


def test_one_that_was_there_before_and_is_put_back_holds() -> None:
    view = a_world()
    finalize(view, "a")
    finalize(view, by="user")
    view.items["cloud"] = [ITEM]
    assert finalize(view, "a") == "holds"


def test_users_and_those_who_use_nothing_outside_prove_nothing() -> None:
    assert finalize(a_world(ITEM), "a", by="user") == "unknown"
    assert finalize(a_world(ITEM, others=(someone("guard"),)), "a", by="guard") == "unknown"


def test_what_a_colleague_made_under_its_own_finalizer_in_a_system_of_both_is_not_held_against_it() -> None:
    view = a_world(others=(someone("mirror", "cloud"),))
    finalize(view, "m", by="mirror")
    view.items["cloud"] = [ITEM]
    assert finalize(view, "m", "a") == "holds"
    view = a_world(others=(someone("mirror", "dns"),))
    finalize(view, "m", by="mirror")
    view.items["cloud"] = [ITEM]
    assert finalize(view, "m", "a") == "violated"


def test_nor_is_what_a_colleague_made_there_without_any_finalizer() -> None:
    assert finalize(a_world(ITEM, others=(someone("mirror", "cloud", finalizes=False),)), "a") == "holds"
    assert finalize(a_world(ITEM, others=(someone("mirror", "dns", finalizes=False),)), "a") == "violated"


def test_another_copy_of_the_same_program_is_no_colleague() -> None:
    view = a_world(ITEM, others=(someone("buckets-1", "cloud"),))
    view.starts("buckets-1", instance=1)
    assert finalize(view, "a", by="buckets-1") == "violated"


def test_one_that_came_with_the_manifest_and_is_put_back_holds_and_a_new_one_beside_it_does_not() -> None:
    for put_back, verdict in ((["a"], "holds"), (["a", "b"], "violated")):
        view = a_world(ITEM, finalizers=["a"])
        finalize(view, by="user")
        assert finalize(view, *put_back) == verdict


def test_one_that_an_earlier_object_of_the_name_had_is_no_excuse() -> None:
    view = a_world(finalizers=["a"])
    view.delete(BUCKET)
    view.create({**BUCKET, "metadata": {**BUCKET["metadata"], "uid": "second"}})
    view.items["cloud"] = [{"id": "ext-2", "owner": "second"}]
    assert finalize(view, "a") == "violated"


def test_an_object_that_goes_without_ever_a_finalizer_must_leave_nothing_behind() -> None:
    view = a_world(ITEM)
    view.delete(BUCKET)
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "buckets made that before" in judgement.reason
    view = a_world()
    view.delete(BUCKET)
    assert PROPERTY.judge(view).verdict == "holds"


def test_one_that_once_had_a_finalizer_is_another_claims_affair() -> None:
    view = a_world(ITEM, finalizers=["a"])
    view.delete(BUCKET)
    assert PROPERTY.judge(view).verdict == "holds"


def test_nothing_is_said_of_the_removal_if_another_uses_the_same_system() -> None:
    view = a_world(ITEM, others=(someone("mirror", "cloud", finalizes=False),))
    view.delete(BUCKET)
    assert PROPERTY.judge(view).verdict == "holds"


def test_other_kinds_that_go_prove_nothing() -> None:
    view = a_world()
    secret = make("Secret", "tls")
    view.create(secret)
    view.delete(secret)
    assert PROPERTY.judge(view).verdict == "unknown"


def test_it_applies_where_someone_with_finalizers_uses_something_outside() -> None:
    assert not PROPERTY.applies(TrialFake(FactsFake(components=(someone("a"), someone("b", "cloud", finalizes=False)))))
    assert not PROPERTY.applies(TrialFake(FactsFake(components=(someone("a", "containers/node-0"),))))
    assert PROPERTY.applies(TrialFake(FactsFake(components=(someone("a", "cloud"),))))
