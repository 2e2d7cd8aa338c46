"""Tests of who is who in a view, and when it is at full rest."""

import pytest

from properties.subject import has_component, has_kind, has_writers, is_cascade, is_full_rest, is_program, lives
from tests.properties.fake_view import ComponentFactsFake, FactsFake, FakeView, TrialFake


def test_a_trial_without_facts_is_taken_to_have_everything() -> None:
    assert has_kind(TrialFake(facts=None), "Job")
    assert not has_kind(TrialFake(), "Job")
    assert has_kind(TrialFake(FactsFake(kinds=(("batch/v1", "Job"),))), "Pod", "Job")
    assert has_component(TrialFake(FactsFake(built_ins=("garbage-collector",))), "garbage")


def test_who_only_looks_on_is_no_writer() -> None:
    assert not has_writers(TrialFake(FactsFake(components=(ComponentFactsFake(),))))
    assert has_writers(TrialFake(FactsFake(components=(ComponentFactsFake(kinds_written=(("v1", "Secret"),)),))))


def test_users_are_no_programs_and_the_dead_do_not_live() -> None:
    view = FakeView()
    view.starts("website", alive=False)
    assert is_program(view, "website")
    assert not is_program(view, "user")
    assert not lives(view, "website")


@pytest.mark.parametrize(("name", "cascades"), [("garbage-collector", True), ("namespace", True), ("website", False)])
def test_only_collectors_delete_on_others_behalf(name: str, cascades: bool) -> None:
    assert is_cascade(name) is cascades


def test_the_first_rest_is_full_only_if_everyone_lives() -> None:
    view = FakeView()
    view.starts("website")
    assert is_full_rest(view.rests())
    view.starts("website", alive=False)
    assert not is_full_rest(view.rests())
    assert is_full_rest(view.rests("restarted"))
    assert not is_full_rest(view.rests("resync"))
