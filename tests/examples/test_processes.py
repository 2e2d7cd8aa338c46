"""An example program put on trial by its documented command: the wrong one is found out, the fixed one gets over it.

One seed of one here, within bounds; all three programs with three seeds each, and the fixed ones with the whole budget:
`python -m tests.examples.processes`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.processes import EXAMPLES, PROGRAMS, check

pytestmark = pytest.mark.slow
NAME = "informer-program"
BOUNDS = ("--examples", "8", "--patience", "3")


@pytest.fixture(autouse=True)
def _needs_kubernetes() -> None:
    pytest.importorskip("kubernetes", reason="the examples need the extra [wire]")


def test_the_wrong_variant_is_found_out_and_the_fixed_one_gets_over_what_it_was_found_by(tmp_path: Path) -> None:
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

    argv = [sys.executable, "-m", "seatrial", "replay", violation["schedule"], "--", sys.executable, "fixed.py"]
    fixed = subprocess.run(argv, cwd=EXAMPLES / NAME, capture_output=True, text=True, check=False, timeout=600)
    assert "violated" not in fixed.stdout.lower(), fixed.stdout


def test_each_program_has_a_cause_of_its_own() -> None:
    assert len({program.cause for program in PROGRAMS.values()}) == len(PROGRAMS)
