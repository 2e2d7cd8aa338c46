"""Tests of the opt-in claim that what the weather broke is repaired soon."""

import pytest

from properties.repairs_come_in_time import RepairsComeInTime
from tests.properties.fake_view import FakeView, make

PROPERTY = RepairsComeInTime()
HEALED_S = 30.0
USUAL_S = 5.0
LIMIT_S = HEALED_S + USUAL_S + PROPERTY.slack_s


def a_run(repaired_after_s: float | None, by: str = "website") -> FakeView:
    view = FakeView()
    view.starts("website")
    view.healed_s, view.usual_s = HEALED_S, USUAL_S
    view.create(make("Website", "front", api_version="example.com/v1"))
    if repaired_after_s is not None:
        view.now_s = HEALED_S + repaired_after_s
        view.create(make("ConfigMap", "page"), by=by)
    return view


def test_before_rest_and_without_figures_it_proves_nothing() -> None:
    assert PROPERTY.judge(a_run(3000)).verdict == "unknown"
    view = a_run(3000)
    view.usual_s = None
    assert PROPERTY.judge(view.rests()).verdict == "unknown"
    view = a_run(3000)
    view.healed_s = None
    assert PROPERTY.judge(view.rests()).verdict == "unknown"


@pytest.mark.parametrize("repaired_after_s", [None, -10.0, 0.5, LIMIT_S])
def test_soon_enough_holds(repaired_after_s: float | None) -> None:
    assert PROPERTY.judge(a_run(repaired_after_s).rests()).verdict == "holds"


def test_by_the_clock_only_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_run(600).rests())
    assert judgement.verdict == "violated"
    assert judgement.reason == (
        "the world was still not right 600 s after the weather had cleared; in fair weather it took 5 s. "
        "Last: website create ConfigMap default/page"
    )


def test_what_fair_weather_needed_is_allowed_on_top() -> None:
    view = a_run(600)
    view.usual_s = 600.0
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_what_users_do_late_is_no_repair() -> None:
    assert PROPERTY.judge(a_run(600, by="user").rests()).verdict == "holds"
