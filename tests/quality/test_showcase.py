"""A bounded sample of what `python -m tests.quality.showcase` does in full."""

import pytest

from tests.quality.showcase import legal_kinds, run

EXAMPLES = 60


@pytest.mark.slow
def test_the_showcase_holds_and_most_weather_reaches_it() -> None:
    outcome = run(EXAMPLES)
    assert [(violation.property, violation.reason) for violation in outcome.violations] == []
    assert outcome.verdict == "holds"
    kinds = legal_kinds()
    fired = [name for name in kinds if outcome.faults_fired.get(name)]
    assert 2 * len(fired) >= len(kinds), sorted(set(kinds) - set(fired))
