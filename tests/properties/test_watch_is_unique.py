"""Tests of the claim that a watch shows each change once."""

from properties.watch_is_unique import WatchIsUnique
from tests.properties.streams import TRUTH, a_history

PROPERTY = WatchIsUnique()


def test_a_silent_stream_proves_nothing() -> None:
    assert PROPERTY.judge(a_history()).verdict == "unknown"


def test_each_change_once_holds() -> None:
    assert PROPERTY.judge(a_history(*TRUTH)).verdict == "holds"


def test_a_repetition_is_a_violation() -> None:
    assert "came twice" in PROPERTY.judge(a_history(TRUTH[0], TRUTH[0])).reason


def test_one_object_changing_twice_is_no_repetition_but_its_initial_state_again_is() -> None:
    assert PROPERTY.judge(a_history(TRUTH[0], TRUTH[2])).verdict == "holds"
    view = a_history(TRUTH[0], TRUTH[1], TRUTH[0], start=2, initial=[("default", "a", 2)])
    assert PROPERTY.judge(view).verdict == "violated"
