"""What follows `--` on the command line, up to the verdict of a process."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from seatrial.command import run
from tests.harness.foreign.copiers import FOLDER, PROGRAM
from tests.harness.foreign.silences import short_silences

MANIFESTS = ["--manifest", str(FOLDER / "crd.yaml"), "--manifest", str(FOLDER / "note.yaml")]


def outcome_of(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> tuple[int, dict[str, Any]]:
    code = run(arguments)
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["check", "--format=json"], "give a TARGET, or after `--` a command line"),
        (["check", "--format=json", "zoo:lost-reply", "--", "sleep", "1"], "and not both"),
        (["check", "--format=json", "--"], "nothing follows `--`"),
        (["check", "--format=json", "--", "no-such-program-anywhere"], "is no program that can be started"),
        (["check", "--format=json", "--patience", "3", "zoo:lost-reply"], "--patience is about a process"),
        (["check", "--format=json", "--fault", "clock_skew", "--", "sleep", "1"], "strikes inside a controller"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = outcome_of(capsys, arguments)

    assert code == 4
    assert complaint in str(printed["message"])


@pytest.mark.slow
def test_options_behind_the_dashes_are_the_programs_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-S", "-E", PROGRAM, "dies-of-work", "--seed", "7"]
    options = ["--format=json", "--patience=1", "--report-dir", str(tmp_path)]
    with short_silences():
        code, printed = outcome_of(capsys, ["check", *options, *MANIFESTS, "--", *command])

    assert code == 1
    assert printed["seed"] == 0
    assert printed["target"] == "copier"
    (violation,) = printed["violations"]
    assert violation["property"] == "no_panic"

    fixed = [sys.executable, "-S", "-E", PROGRAM]
    with short_silences():
        code, printed = outcome_of(capsys, ["replay", "--format=json", violation["schedule"], "--", *fixed])
    assert code == 0, printed


@pytest.mark.slow
def test_a_process_that_cannot_be_started_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-S", "-E", PROGRAM, "dies-at-once"]
    code, printed = outcome_of(capsys, ["check", "--format=json", *MANIFESTS, "--", *command])

    assert code == 3
    assert "cannot go on" in str(printed["message"])
