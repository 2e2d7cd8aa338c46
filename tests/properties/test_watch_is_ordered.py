"""Tests of the claim that a watch never goes back."""

from properties.watch_is_ordered import WatchIsOrdered
from tests.properties.streams import TRUTH, a_history

PROPERTY = WatchIsOrdered()


def test_a_silent_stream_proves_nothing() -> None:
    assert PROPERTY.judge(a_history()).verdict == "unknown"


def test_the_true_order_holds() -> None:
    assert PROPERTY.judge(a_history(*TRUTH)).verdict == "holds"


def test_a_step_back_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_history(TRUTH[2], TRUTH[1]))
    assert judgement.verdict == "violated"
    assert "ADDED default/b at 3 came after MODIFIED default/a at 4" in judgement.reason


def test_an_initial_state_comes_in_name_order_and_is_no_step_back() -> None:
    events = [("ADDED", "default", "a", 4), ("ADDED", "default", "b", 3), TRUTH[3]]
    view = a_history(*events, start=4, initial=[("default", "a", 4), ("default", "b", 3)])
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_stream_that_hostile_weather_meddled_with_is_left_out() -> None:
    assert PROPERTY.judge(a_history(TRUTH[2], TRUTH[1], tampered=True)).verdict == "unknown"
