"""Tests of the claim that the world becomes what fair weather would have made of it."""

from properties.converges import Converges
from tests.properties.fake_view import FakeView, make

PROPERTY = Converges()


def a_world() -> FakeView:
    view = FakeView()
    view.starts("website")
    view.create(make("Website", "front", api_version="example.com/v1"))
    return view


def test_a_commit_proves_nothing() -> None:
    view = a_world()
    view.difference = ["Deployment default/front is missing"]
    assert PROPERTY.judge(view).verdict == "unknown"


def test_the_fair_weather_state_holds() -> None:
    assert PROPERTY.judge(a_world().rests()).verdict == "holds"


def test_a_difference_at_rest_is_a_violation_and_is_named() -> None:
    view = a_world().rests()
    view.difference = ["Deployment default/front is missing", "b", "c", "d"]
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "Deployment default/front is missing" in judgement.reason
    assert "1 more" in judgement.reason


def test_an_unsettled_object_speaks_first() -> None:
    view = a_world().rests()
    view.difference = ["something else"]
    view.unsettled = ["front"]
    judgement = PROPERTY.judge(view)
    assert [str(ref) for ref in judgement.objects] == ["Website default/front"]
    assert judgement.key == "Website"


def test_an_unsettled_object_on_its_way_out_is_no_matter() -> None:
    view = a_world()
    view.mark_deleting(view.objects()[0])
    view.unsettled = ["front"]
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_what_a_dead_component_left_undone_is_judged_after_its_restart() -> None:
    view = a_world().rests()
    view.difference = ["Deployment default/front is missing"]
    view.starts("website", alive=False)
    assert PROPERTY.judge(view).verdict == "unknown"
    assert "came back" in PROPERTY.judge(view.rests("restarted")).reason
