"""Tests of the claim that every reconcile comes to an end."""

from harness.contract import ReconcileRecord
from properties.reconcile_returns import ReconcileReturns
from tests.properties.fake_view import FakeView

PROPERTY = ReconcileReturns()


def a_world(*, finished_s: float | None, incarnation: int = 0, now_s: float = 100.0) -> FakeView:
    view = FakeView(now_s=now_s)
    view.starts("website", incarnation=1)
    view.passes = [
        ReconcileRecord(
            controller="website",
            namespace="default",
            name="front",
            started_s=10.0,
            finished_s=finished_s,
            outcome=None,
            error=None,
            incarnation=incarnation,
            writes=0,
        )
    ]
    return view


def test_a_world_without_passes_proves_nothing() -> None:
    view = FakeView()
    view.starts("website")
    assert PROPERTY.judge(view.rests()).verdict == "unknown"


def test_a_pass_that_returned_holds() -> None:
    assert PROPERTY.judge(a_world(finished_s=11.0, incarnation=1).rests()).verdict == "holds"


def test_a_pass_that_hangs_at_rest_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_world(finished_s=None, incarnation=1).rests())
    assert judgement.verdict == "violated"
    assert "default/front" in judgement.reason


def test_a_pass_that_died_with_its_process_is_excused() -> None:
    assert PROPERTY.judge(a_world(finished_s=None, incarnation=0).rests()).verdict == "unknown"


def test_a_young_pass_may_be_asleep() -> None:
    judgement = PROPERTY.judge(a_world(finished_s=None, incarnation=1, now_s=20.0).rests())
    assert judgement.verdict == "unknown"
    assert "asleep" in judgement.reason
