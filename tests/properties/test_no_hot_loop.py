"""Tests of the claim that nobody reconciles again and again for nothing."""

from harness.contract import ReconcileRecord
from properties.no_hot_loop import NoHotLoop
from tests.properties.fake_view import FakeView, make

PROPERTY = NoHotLoop()


def a_world(*starts_s: float) -> FakeView:
    view = FakeView()
    view.starts("website")
    view.passes = [
        ReconcileRecord(
            controller="website",
            namespace="default",
            name="front",
            started_s=start_s,
            finished_s=start_s,
            outcome="error",
            error="Conflict",
            incarnation=0,
            writes=0,
        )
        for start_s in starts_s
    ]
    return view


def test_a_world_without_passes_proves_nothing() -> None:
    assert PROPERTY.judge(a_world().rests()).verdict == "unknown"


def test_back_off_and_polling_hold() -> None:
    back_off = [0.005 * 2**n for n in range(18)]
    polling = [1000.0 + 0.1 * n for n in range(100)]
    assert PROPERTY.judge(a_world(*back_off, *polling).rests()).verdict == "holds"


def test_a_loop_that_takes_no_time_is_a_violation() -> None:
    judgement = PROPERTY.judge(a_world(*[0.0] * 300).rests("end"))
    assert judgement.verdict == "violated"
    assert "300 times" in judgement.reason
    assert "Conflict" in judgement.reason


def test_a_slower_loop_is_one_once_every_message_has_long_arrived() -> None:
    assert PROPERTY.judge(a_world(*[1.0 + n / 50 for n in range(60)]).rests()).verdict == "holds"
    assert PROPERTY.judge(a_world(*[100.0 + n / 50 for n in range(60)]).rests()).verdict == "violated"


def test_what_came_before_the_last_change_had_its_reasons() -> None:
    view = a_world(*[0.0] * 300)
    view.now_s = 5.0
    view.create(make("Secret", "tls"))
    assert PROPERTY.judge(view.rests()).verdict == "holds"
