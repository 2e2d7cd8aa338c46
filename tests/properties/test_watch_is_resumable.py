"""Tests of the claim that a watch begins where it was asked to."""

from properties.watch_is_resumable import WatchIsResumable
from tests.properties.streams import TRUTH, a_history, bookmark

PROPERTY = WatchIsResumable()


def test_a_silent_stream_proves_nothing() -> None:
    assert PROPERTY.judge(a_history()).verdict == "unknown"


def test_the_first_change_after_the_start_holds() -> None:
    assert PROPERTY.judge(a_history(bookmark(3), *TRUTH[2:], start=3)).verdict == "holds"


def test_beginning_with_the_start_itself_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_history(*TRUTH[1:], start=3))
    assert judgement.verdict == "violated"
    assert "not after the start" in judgement.reason


def test_skipping_the_first_change_is_a_violation() -> None:
    assert "skipped MODIFIED default/a at 4" in PROPERTY.judge(a_history(*TRUTH[3:], start=3)).reason


def test_an_initial_state_is_of_before_the_start_and_a_selector_may_skip() -> None:
    view = a_history(TRUTH[0], TRUTH[2], start=3, initial=[("default", "a", 2)])
    assert PROPERTY.judge(view).verdict == "holds"
    assert PROPERTY.judge(a_history(*TRUTH[3:], start=3, labels="app=web")).verdict == "holds"
