"""Tests of the claim that a watch leaves nothing out."""

from properties.watch_is_reliable import WatchIsReliable
from tests.properties.streams import TRUTH, a_history

PROPERTY = WatchIsReliable()


def test_a_silent_stream_proves_nothing() -> None:
    assert PROPERTY.judge(a_history()).verdict == "unknown"


def test_the_whole_truth_and_a_beginning_of_it_hold() -> None:
    assert PROPERTY.judge(a_history(*TRUTH)).verdict == "holds"
    assert PROPERTY.judge(a_history(*TRUTH[:2])).verdict == "holds"


def test_a_gap_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_history(TRUTH[0], TRUTH[1], TRUTH[3]))
    assert judgement.verdict == "violated"
    assert "MODIFIED default/a at 4 never came" in judgement.reason


def test_an_invention_and_a_wrong_type_are_violations() -> None:
    assert "never committed" in PROPERTY.judge(a_history(*TRUTH, ("ADDED", "default", "x", 6))).reason
    wrong = ("MODIFIED", "default", "b", 5)
    assert PROPERTY.judge(a_history(*TRUTH[:3], wrong)).verdict == "violated"


def test_what_lies_outside_the_namespace_or_the_selector_is_not_missed() -> None:
    assert PROPERTY.judge(a_history(*TRUTH[:4], namespace="default")).verdict == "holds"
    assert PROPERTY.judge(a_history(TRUTH[0], TRUTH[2], labels="app=web")).verdict == "holds"
