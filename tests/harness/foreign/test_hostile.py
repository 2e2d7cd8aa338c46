"""A program that means no good: the trial goes on, answers it clearly, holds little for it, and ends with a verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.foreign.copiers import FOLDER, PROGRAM

MIB = 1024 * 1024
RESIDENT_MAX = 160 * MIB
"""It was 88; one body that is held is 100 more."""
WEIGH = """
import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    print(used.ru_maxrss, file=file)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Starts a program and notes its largest resident set. In a small process of its own: Linux counts what a process was
before its exec as well, which is as large as whoever started it."""


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("SEATRIAL_HOSTILE"),
    reason="on a busy machine the program itself ran out of patience once; set SEATRIAL_HOSTILE=1 to run it",
)
def test_a_trial_of_a_hostile_program_goes_on_and_ends_with_a_verdict(tmp_path: Path) -> None:
    answers, output, weight = tmp_path / "answers.json", tmp_path / "outcome.json", tmp_path / "weight"
    manifests = [f"--manifest={FOLDER / name}" for name in ("crd.yaml", "note.yaml")]
    workload = tmp_path / "workload.yaml"
    workload.write_text(
        "- {do: wait, kind: Note, name: front, until: {path: status.copiedTo, equals: mischief}, timeout_s: 300}"
    )
    command = [
        sys.executable, "-m", "seatrial", "check", *manifests, f"--workload={workload}", "--volatile=Event",
        "--examples=2", "--patience=4", "--format=json", f"--report-dir={tmp_path}",
        "--", sys.executable, "-S", "-E", PROGRAM, "means-no-good",
    ]  # fmt: skip
    weighed = [sys.executable, "-S", "-E", "-c", WEIGH, str(weight), *command]
    with output.open("wb") as sink:
        done = subprocess.run(weighed, stdout=sink, env={**os.environ, "MISCHIEF": str(answers)}, check=False)

    outcome = json.loads(output.read_text())
    assert (outcome["verdict"], done.returncode) == ("holds", 0), outcome
    assert json.loads(answers.read_text()) == {
        "malformed HTTP": "400 Status",
        "headers without end": "431 Status",
        "invalid JSON": "400 Status",
        "path traversal": "400 Status",
        "a wrong token": "200 Namespace",  # on loopback nobody is asked for one
        "100 MB": "413 Status",
        "100 MB in chunks": "413 Status",
        "a watch that nobody reads": "cut, others: ['200 Event', '200 Status', '201 Event']",
        "1,000 idle connections": "200 Namespace",
    }
    resident = int(weight.read_text()) * 1024
    assert resident < RESIDENT_MAX, f"{resident // MIB} MiB"
