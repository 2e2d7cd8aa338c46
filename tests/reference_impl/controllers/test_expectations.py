"""Expectations: nothing is done twice because the cache is late."""

from reference_impl.controllers.expectations import Expectations
from reference_impl.protocol import JsonObject


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def child(uid: str, owner: str = "owner", *, deleting: bool = False) -> JsonObject:
    metadata: JsonObject = {"name": uid, "uid": uid, "ownerReferences": [{"uid": owner, "controller": True}]}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata}


def test_nothing_expected_is_satisfied() -> None:
    assert Expectations(Clock()).satisfied("owner")


def test_a_create_is_awaited_until_the_cache_shows_it() -> None:
    expectations = Expectations(Clock())
    with expectations.acting("owner") as acts:
        acts.created("a")
    assert not expectations.satisfied("owner")
    expectations.observe("ADDED", None, child("a"))
    assert expectations.satisfied("owner")


def test_another_child_of_the_same_owner_does_not_count() -> None:
    expectations = Expectations(Clock())
    with expectations.acting("owner") as acts:
        acts.created("a")
    expectations.observe("ADDED", None, child("late-create-of-an-earlier-life"))
    assert not expectations.satisfied("owner")


def test_an_event_that_overtakes_the_reply_counts() -> None:
    expectations = Expectations(Clock())
    with expectations.acting("owner") as acts:
        expectations.observe("ADDED", None, child("a"))
        acts.created("a")
    assert expectations.satisfied("owner")


def test_a_delete_is_met_by_the_mark_or_the_end() -> None:
    expectations = Expectations(Clock())
    with expectations.acting("owner") as acts:
        acts.deleted("a")
        acts.deleted("b")
    expectations.observe("MODIFIED", child("a"), child("a", deleting=True))
    assert not expectations.satisfied("owner")
    expectations.observe("DELETED", child("b"), None)
    assert expectations.satisfied("owner")


def test_a_child_replaced_under_its_name_has_ended() -> None:
    expectations = Expectations(Clock())
    with expectations.acting("owner") as acts:
        acts.deleted("a")
    expectations.observe("MODIFIED", child("a"), child("b"))
    assert expectations.satisfied("owner")


def test_waiting_too_long_is_doubt_and_not_permission() -> None:
    clock = Clock()
    expectations = Expectations(clock)
    with expectations.acting("owner") as acts:
        acts.created("a")
    clock.now_s = 299.0
    assert not expectations.in_doubt("owner")
    assert expectations.expires_in_s("owner") == 1.0
    clock.now_s = 300.0
    assert expectations.in_doubt("owner")
    assert not expectations.satisfied("owner")


def test_an_ambiguous_answer_is_doubt_until_resolved() -> None:
    expectations = Expectations(Clock())
    expectations.doubt("owner")
    assert expectations.in_doubt("owner")
    assert not expectations.satisfied("owner")
    expectations.resolve("owner")
    assert expectations.satisfied("owner")


def test_owners_do_not_wait_for_each_other() -> None:
    expectations = Expectations(Clock())
    with expectations.acting("one") as acts:
        acts.created("a")
    assert expectations.satisfied("other")


def test_what_was_done_before_an_error_is_still_awaited() -> None:
    expectations = Expectations(Clock())
    try:
        with expectations.acting("owner") as acts:
            acts.created("a")
            raise RuntimeError
    except RuntimeError:
        pass
    assert not expectations.satisfied("owner")
