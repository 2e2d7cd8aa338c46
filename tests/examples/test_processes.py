"""An example program put on trial by its documented command: the wrong one is found out, the fixed one gets over it.

One seed of one here, within bounds; all programs with three seeds each, and the fixed ones with the whole budget:
`python -m tests.examples.processes`.
"""

import json
from pathlib import Path

import pytest

from seatrial.command import run
from tests.examples.processes import EXAMPLES, PROGRAMS, argv_of, check_arguments
from tests.harness.foreign.silences import short_silences

pytestmark = pytest.mark.slow
NAME = "informer-program"
BOUNDS = ("--examples", "8", "--patience", "2.5")
"""Patience above the two seconds after which it lists again."""
SHRINKING_MOST = 3


@pytest.fixture(autouse=True)
def _needs_kubernetes() -> None:
    pytest.importorskip("kubernetes", reason="the examples need the extra [wire]")


def test_the_wrong_variant_is_found_out_and_the_fixed_one_gets_over_what_it_was_found_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(EXAMPLES / NAME)
    monkeypatch.setattr("harness.flaky.RUNS_MAX", SHRINKING_MOST)
    with short_silences():
        code = run(check_arguments(NAME, "wrong", tmp_path, *BOUNDS))
    outcome = json.loads(capsys.readouterr().out)

    assert code == 1, outcome
    (violation,) = outcome["violations"]
    assert violation["property"] in ("converges", "no_orphan_or_leak")
    assert 1 <= violation["faults"] <= 3
    assert "runs" in outcome["scope"][0]
    page = Path(violation["report"]).read_text()
    assert "What it printed" in page
    assert "Times are real seconds" in page
    assert "(reproduced " in page

    with short_silences():
        run(["replay", "--format", "json", violation["schedule"], "--", *argv_of(NAME, "fixed")])
    assert json.loads(capsys.readouterr().out)["verdict"] != "violated"


def test_each_program_has_a_cause_of_its_own() -> None:
    assert len({program.cause for program in PROGRAMS.values()}) == len(PROGRAMS)
