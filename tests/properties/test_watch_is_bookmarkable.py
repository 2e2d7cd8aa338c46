"""Tests of the claim that bookmarks can be relied on."""

from properties.watch_is_bookmarkable import WatchIsBookmarkable
from tests.properties.streams import TRUTH, a_history, bookmark

PROPERTY = WatchIsBookmarkable()


def test_a_silent_stream_proves_nothing() -> None:
    assert PROPERTY.judge(a_history()).verdict == "unknown"


def test_a_bookmark_behind_everything_it_promises_holds() -> None:
    assert PROPERTY.judge(a_history(*TRUTH[:2], bookmark(3), *TRUTH[2:], bookmark(9))).verdict == "holds"


def test_a_bookmark_ahead_of_its_events_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_history(TRUTH[0], bookmark(4), *TRUTH[1:]))
    assert judgement.verdict == "violated"
    assert "a bookmark at 4 came before ADDED default/b at 3" in judgement.reason


def test_with_a_selector_only_what_comes_late_shows_it() -> None:
    assert PROPERTY.judge(a_history(TRUTH[0], bookmark(4), TRUTH[3], labels="a=b")).verdict == "holds"
    assert "came after the bookmark" in PROPERTY.judge(a_history(bookmark(4), TRUTH[1], labels="a=b")).reason


def test_a_bookmark_that_goes_back_is_a_violation() -> None:
    assert "after one at 9" in PROPERTY.judge(a_history(*TRUTH, bookmark(9), bookmark(8))).reason
    assert "after a change at 6" in PROPERTY.judge(a_history(*TRUTH, bookmark(4))).reason


def test_the_bookmark_that_ends_an_initial_state_is_part_of_it() -> None:
    events = [("ADDED", "default", "a", 4), bookmark(5), TRUTH[4]]
    view = a_history(*events, start=5, initial=[("default", "a", 4), ("", "", 5)])
    assert PROPERTY.judge(view).verdict == "holds"
