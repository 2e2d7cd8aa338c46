"""Tests of the claim that a retried create does not make two."""

from properties.one_external_object_per_owner import OneExternalObjectPerOwner
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FactsFake, FakeView, TrialFake, make

PROPERTY = OneExternalObjectPerOwner()
OWNER = "uid-website-front"


class LearnedFacts(FactsFake):
    external_multiples = ("dns",)


def a_world(*items: JsonObject, system: str = "cloud") -> FakeView:
    view = FakeView()
    view.starts("website")
    view.create(make("Website", "front", api_version="example.com/v1"))
    view.items = {system: [{"id": str(number), **item} for number, item in enumerate(items)]}
    return view.rests()


def test_a_world_without_outside_systems_proves_nothing() -> None:
    assert PROPERTY.judge(FakeView().rests()).verdict == "unknown"


def test_strangers_items_are_not_counted() -> None:
    assert PROPERTY.judge(a_world({"owner": "stranger"}, {"owner": "stranger"})).verdict == "holds"


def test_one_item_and_two_of_different_roles_hold() -> None:
    assert PROPERTY.judge(a_world({"owner": OWNER})).verdict == "holds"
    items = [{"owner": OWNER, "role": "a"}, {"owner": OWNER, "role": "b"}]
    assert PROPERTY.judge(a_world(*items)).verdict == "holds"


def test_two_of_one_role_are_a_violation_whatever_else_they_say() -> None:
    items = [{"owner": OWNER, "role": "a", "size": 1}, {"owner": OWNER, "role": "a", "size": 2}]
    judgement = PROPERTY.judge(a_world(*items))
    assert judgement.verdict == "violated"
    assert judgement.key == "Website cloud"


def test_without_a_role_doubles_must_be_alike_until_fair_weather_has_spoken() -> None:
    alike, unlike = [{"owner": OWNER}, {"owner": OWNER}], [{"owner": OWNER, "n": 1}, {"owner": OWNER, "n": 2}]
    assert PROPERTY.judge(a_world(*alike)).verdict == "violated"
    assert PROPERTY.judge(a_world(*unlike)).verdict == "holds"
    view = a_world(*unlike)
    view.trial = TrialFake(LearnedFacts())
    assert PROPERTY.judge(view).verdict == "violated"
    view = a_world(*alike, system="dns")
    view.trial = TrialFake(LearnedFacts())
    assert PROPERTY.judge(view).verdict == "unknown"


def test_containers_and_a_drifting_outside_are_left_out() -> None:
    assert PROPERTY.judge(a_world({"owner": OWNER}, {"owner": OWNER}, system="containers/a")).verdict == "unknown"
    view = a_world({"owner": OWNER}, {"owner": OWNER})
    view.fired = ["external_drift"]
    assert PROPERTY.judge(view).verdict == "unknown"
