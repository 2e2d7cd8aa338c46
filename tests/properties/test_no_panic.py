"""Tests of the claim that nothing but API errors leaves a reconcile."""

from properties.no_panic import NoPanic
from tests.properties.fake_view import FakeView

PROPERTY = NoPanic()


def test_a_world_without_components_proves_nothing() -> None:
    assert PROPERTY.judge(FakeView().rests()).verdict == "unknown"


def test_components_that_never_panic_hold() -> None:
    view = FakeView()
    view.starts("website")
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_a_panic_is_a_violation_even_if_the_world_never_rests() -> None:
    view = FakeView(phase="end")
    view.starts("website")
    view.panics_seen["website"] = ["KeyError: 'uid' in reconcile of default/front"]
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert "KeyError: 'uid'" in judgement.reason


def test_two_types_of_exception_are_two_bugs_and_two_names_are_one() -> None:
    keys = []
    for line in ("KeyError: 'a'", "KeyError: 'b'", "TypeError: x"):
        view = FakeView()
        view.starts("website")
        view.panics_seen["website"] = [line]
        keys.append(PROPERTY.judge(view.rests()).key)
    assert keys[0] == keys[1] != keys[2]
