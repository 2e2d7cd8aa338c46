"""A search draws from its seed alone."""

import subprocess
import sys
from pathlib import Path

import pytest

SEARCH = """
import sys
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "with":
    import constants
from harness.machine import ControlPlaneMachine
from harness.check import check
from tests.harness import trials

given = []
begin = ControlPlaneMachine._begin
ControlPlaneMachine._begin = lambda self, *drawn: (given.append(drawn), begin(self, *drawn))[1]
outcome = check(trials.trial(trials.steady, seed=int(sys.argv[3])), examples=25, raise_on_failure=False)
print(outcome.verdict, given, sorted(outcome.faults_fired.items()))
"""


@pytest.mark.slow
def test_one_seed_searches_alike_whatever_modules_are_loaded_and_another_does_not(tmp_path: Path) -> None:
    # Hypothesis draws constants of local modules now and then: here are as many as it could wish for.
    (tmp_path / "constants.py").write_text("\n".join(f"n{n} = {n}" for n in range(2, 4000, 7)))
    plain = _search(tmp_path, "without", "3")
    assert _search(tmp_path, "with", "3") == plain
    assert _search(tmp_path, "without", "4") != plain


def _search(folder: Path, loaded: str, seed: str) -> str:
    command = [sys.executable, "-c", SEARCH, str(folder), loaded, seed]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return run.stdout
