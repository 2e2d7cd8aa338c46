"""Tests of what one life of a process is held to have seen."""

from typing import Any

from harness.contract import SentRequest
from harness.knowledge import Knowledge, Memory
from reference_impl.protocol import ApiRequest

KEY = ("sites", "default", "front")


def obj(revision: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Site",
        "metadata": {"name": "front", "uid": "u", "resourceVersion": str(revision)},
    }


def sent(*, reconcile: int | None, sent_s: float = 0.0) -> SentRequest:
    return SentRequest(
        component="website",
        incarnation=0,
        step=99,
        sent_s=sent_s,
        sent_monotonic_s=sent_s,
        lease_until_s=None,
        request=ApiRequest(verb="create", api_version="v1", kind="Secret"),
        reconcile=reconcile,
    )


def seen(*moments: tuple[int, int, float, int | None]) -> Knowledge:
    """(revision, step, time_s, pass) of each sight."""
    knowledge = Knowledge("website", 0, Memory())
    for revision, step, time_s, reconcile in moments:
        knowledge.see(KEY, obj(revision), (step, time_s, reconcile))
    return knowledge


def test_a_pass_knows_what_was_delivered_before_it_began() -> None:
    knowledge = seen((7, 10, 1.0, None))
    assert knowledge.knew(sent(reconcile=11), "u", 7)
    assert not knowledge.knew(sent(reconcile=11), "u", 8)


def test_an_event_in_the_middle_of_a_pass_counts_from_the_next_one_on() -> None:
    knowledge = seen((7, 12, 1.0, None))
    assert not knowledge.knew(sent(reconcile=11), "u", 7)
    assert knowledge.knew(sent(reconcile=13), "u", 7)


def test_what_a_pass_was_answered_counts_for_that_pass_alone() -> None:
    knowledge = seen((7, 12, 1.0, 11))
    assert knowledge.knew(sent(reconcile=11), "u", 7)
    assert not knowledge.knew(sent(reconcile=13), "u", 7)


def test_a_state_first_seen_in_a_pass_still_arrives_by_event() -> None:
    knowledge = seen((7, 12, 1.0, 11), (7, 14, 1.5, None))
    assert knowledge.knew(sent(reconcile=15), "u", 7)


def test_a_program_without_passes_is_given_ten_seconds_to_look() -> None:
    knowledge = seen((7, 10, 1.0, None))
    assert not knowledge.knew(sent(reconcile=None, sent_s=10.9), "u", 7)
    assert knowledge.knew(sent(reconcile=None, sent_s=11.0), "u", 7)


def reads(*answers: tuple[int, int, int | None]) -> Knowledge:
    """(revision, step of the answer, step of the question) of reads in one session."""
    knowledge = Knowledge("website", 0, Memory())
    for revision, step, asked in answers:
        moment = (step, float(step), None)
        knowledge.see_in_session(
            ("live", "", "", "", ""), KEY, obj(revision), moment, via="get", asked_any=False, asked=asked
        )
    return knowledge


def test_a_read_that_goes_back_is_noticed() -> None:
    (regression,) = reads((7, 10, 9), (6, 12, 11)).regressions
    assert (regression.seen_revision, regression.then_revision) == (7, 6)


def test_reads_under_way_at_once_may_be_answered_in_either_order() -> None:
    assert reads((7, 10, 9), (6, 12, 8)).regressions == []


def test_a_slow_answer_excuses_nothing_that_is_asked_later() -> None:
    assert len(reads((7, 10, 9), (6, 12, 8), (6, 14, 13)).regressions) == 1


def test_what_comes_by_itself_never_goes_back() -> None:
    assert len(reads((7, 10, None), (6, 12, None)).regressions) == 1
