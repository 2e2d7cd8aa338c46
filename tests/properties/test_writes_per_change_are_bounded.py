"""Tests of the claim that nobody writes far more than he heard of."""

from properties.writes_per_change_are_bounded import WritesPerChangeAreBounded
from tests.properties.fake_view import FakeView, make

PROPERTY = WritesPerChangeAreBounded(writes_most=3)


def a_world(writes: int, by_users: int = 0) -> FakeView:
    view = FakeView()
    view.starts("website")
    site = view.create(make("ConfigMap", "front"))
    for number in range(writes):
        view.update(site, by="website", data={"n": str(number)})
    for number in range(by_users):
        view.update(site, data={"user": str(number)})
    return view


def test_a_world_without_writes_by_those_under_test_proves_nothing() -> None:
    assert PROPERTY.judge(a_world(0).rests()).verdict == "unknown"


def test_few_writes_for_each_reason_hold() -> None:
    """Reasons: the user's create, the object, and the one life."""
    assert PROPERTY.judge(a_world(9).rests()).verdict == "holds"


def test_many_writes_for_each_reason_are_a_violation() -> None:
    judgement = PROPERTY.judge(a_world(10).rests())
    assert judgement.verdict == "violated"
    assert judgement.reason.startswith("website wrote 10 times, with 3 reasons")


def test_what_others_did_is_a_reason() -> None:
    assert PROPERTY.judge(a_world(10, by_users=1).rests()).verdict == "holds"
