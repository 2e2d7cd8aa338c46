"""The growth figures can be made and drawn. Small: what they are is for reading."""

from pathlib import Path

import pytest

from tests.benchmarks.growth import WHAT, measure, plot, table


@pytest.mark.slow
def test_growth_is_measured_for_objects_watchers_and_steps_and_drawn(tmp_path: Path) -> None:
    growth = {what: measure(what, (1, 2), rounds=1) for what in WHAT}
    assert all(cost.events > 0 for costs in growth.values() for cost in costs)
    assert table(growth).count("\n") == 1 + 2 * len(WHAT)
    plot(growth, tmp_path / "growth.svg")
    assert b"</svg>" in (tmp_path / "growth.svg").read_bytes()
