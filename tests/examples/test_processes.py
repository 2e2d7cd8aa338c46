"""An example program put on trial by its documented command: the wrong one is found out, the fixed one passes.

One seed of one here, within bounds; all three programs with three seeds each: `python -m tests.examples.processes`.
"""

from pathlib import Path

import pytest

from tests.examples.processes import PROGRAMS, check

pytestmark = pytest.mark.slow
NAME = "informer-program"
BOUNDS = ("--examples", "6", "--patience", "3")


@pytest.fixture(autouse=True)
def _needs_kubernetes() -> None:
    pytest.importorskip("kubernetes", reason="the examples need the extra [wire]")


def test_the_wrong_variant_is_found_out_and_told_of(tmp_path: Path) -> None:
    outcome = check(NAME, "wrong", tmp_path, *BOUNDS)

    assert outcome["exit"] == 1, outcome
    (violation,) = outcome["violations"]
    assert violation["property"] in ("converges", "no_orphan_or_leak")
    assert 1 <= violation["faults"] <= 3
    assert "runs" in outcome["scope"][0]
    page = Path(violation["report"]).read_text()
    assert "What it printed" in page
    assert "Times are real seconds" in page
    assert "(reproduced " in page


def test_the_fixed_variant_passes_with_the_same_budget(tmp_path: Path) -> None:
    outcome = check(NAME, "fixed", tmp_path, *BOUNDS)

    assert outcome["violations"] == [], outcome
    assert outcome["faults_fired"]


def test_each_program_has_a_cause_of_its_own() -> None:
    assert len({program.cause for program in PROGRAMS.values()}) == len(PROGRAMS)
