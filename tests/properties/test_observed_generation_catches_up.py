"""Tests of the claim that status catches up with spec."""

from properties.observed_generation_catches_up import ObservedGenerationCatchesUp
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = ObservedGenerationCatchesUp()


def a_world(observed: int, by: str = "website") -> tuple[FakeView, JsonObject]:
    view = FakeView()
    view.starts("website")
    front = view.create(make("Deployment", "front", api_version="apps/v1", generation=2))
    return view, view.update(front, by=by, status={"observedGeneration": observed})


def test_a_commit_proves_nothing() -> None:
    assert PROPERTY.judge(a_world(1)[0]).verdict == "unknown"


def test_an_up_to_date_status_and_none_at_all_hold() -> None:
    assert PROPERTY.judge(a_world(2)[0].rests()).verdict == "holds"
    view = FakeView()
    view.create(make("Secret", "tls", generation=2))
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_a_status_left_behind_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_world(1)[0].rests())
    assert judgement.verdict == "violated"
    assert "at generation 2, its status at 1" in judgement.reason


def test_what_only_a_user_wrote_or_what_is_leaving_is_no_matter() -> None:
    assert PROPERTY.judge(a_world(1, by="user")[0].rests()).verdict == "unknown"
    view, front = a_world(1)
    view.mark_deleting(front)
    assert PROPERTY.judge(view.rests()).verdict == "holds"
