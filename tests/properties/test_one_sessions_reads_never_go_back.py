"""Tests of the claim that one session never sees the past again."""

from harness.contract import ObjectRef, Regression
from properties.one_sessions_reads_never_go_back import OneSessionsReadsNeverGoBack
from tests.properties.fake_view import FakeView, TrialFake

PROPERTY = OneSessionsReadsNeverGoBack()


def a_world(*, asked_any: bool) -> FakeView:
    view = FakeView()
    view.starts("website")
    ref = ObjectRef("v1", "Secret", "default", "tls")
    view.gone_back = [
        Regression(
            component="website",
            incarnation=0,
            ref=ref,
            seen_revision=9,
            then_revision=4,
            via="list",
            asked_any=asked_any,
        )
    ]
    return view


def test_a_commit_proves_nothing() -> None:
    assert PROPERTY.judge(a_world(asked_any=False)).verdict == "unknown"


def test_a_session_that_only_goes_forward_holds() -> None:
    view = FakeView()
    view.starts("website")
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_going_back_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_world(asked_any=False).rests())
    assert judgement.verdict == "violated"
    assert "at revision 9, and afterwards by list at 4" in judgement.reason


def test_who_asks_for_any_version_may_get_any() -> None:
    assert PROPERTY.judge(a_world(asked_any=True).rests()).verdict == "holds"


def test_hostile_weather_breaks_it_by_definition() -> None:
    assert PROPERTY.applies(TrialFake())
    assert not PROPERTY.applies(TrialFake(profile="hostile"))
