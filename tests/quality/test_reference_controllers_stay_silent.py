"""A bounded sample of what `python -m tests.quality.reference_trials` does in full."""

import pytest

from tests.quality.reference_trials import TRIALS, run

EXAMPLES = 25
"""Per trial here; the full table has 1,000 for each of three seeds."""


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TRIALS))
def test_a_reference_controller_stays_silent(name: str) -> None:
    outcome = run(name, examples=EXAMPLES, seed=0)
    assert [(violation.property, violation.reason) for violation in outcome.violations] == []
    assert outcome.verdict == "holds"
    assert outcome.faults_fired
