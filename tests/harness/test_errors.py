import pytest

from harness import errors
from harness.outcome import Outcome


@pytest.mark.parametrize(
    ("family", "exit_code"),
    [
        (errors.UsageError, 4),
        (errors.NonDeterminismError, 3),
        (errors.AdapterError, 3),
        (errors.LoopBlocked, 3),
        (errors.TrialFailed, 1),
        (errors.TrialInconclusive, 2),
    ],
)
def test_each_family_has_the_exit_code_of_the_contract(family: type[errors.SeatrialError], exit_code: int) -> None:
    assert issubclass(family, errors.SeatrialError)
    assert family.exit_code == exit_code


def test_a_failed_trial_is_an_assertion_that_carries_its_outcome() -> None:
    outcome = Outcome(verdict="violated")
    failure = errors.TrialFailed("website never converges", outcome)
    assert isinstance(failure, AssertionError)
    assert failure.outcome is outcome
    assert str(failure) == "website never converges"
