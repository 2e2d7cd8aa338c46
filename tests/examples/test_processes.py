"""`examples/kopf-operator/` and `examples/informer-program/`: the wrong one is found out, the fixed one passes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.tables import TOP

pytestmark = pytest.mark.slow
KOPF = ["-m", "kopf", "run", "--standalone", "--all-namespaces"]


def check(example: str, program: str, reports: Path, *options: str) -> dict[str, Any]:
    pytest.importorskip("kubernetes", reason="the examples need the extra [wire]")
    argv = [sys.executable, *(KOPF if example == "kopf-operator" else ()), program]
    command = [
        sys.executable, "-m", "seatrial", "check", "--format", "json", "--report-dir", str(reports), *options,
        "--manifest", "crd.yaml", "--manifest", "note.yaml", "--workload", "workload.yaml", "--patience", "6",
        "--", *argv,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=TOP / "examples" / example, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.stdout, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    assert outcome["verdict"] in ("holds", "violated", "unknown"), outcome
    return outcome


WEATHER = {
    "informer-program": ("--fault", "crash", "--fault", "watch_gap", "--fault", "reply_lost"),
    "kopf-operator": ("--fault", "crash", "--fault", "reply_lost", "--fault", "watch_gap"),
}


@pytest.mark.parametrize("example", sorted(WEATHER))
def test_the_wrong_variant_is_found_out(example: str, tmp_path: Path) -> None:
    outcome = check(example, "wrong.py", tmp_path, "--examples", "25", *WEATHER[example])

    assert outcome["exit"] == 1, outcome
    reasons = [violation["property"] for violation in outcome["violations"]]
    assert reasons == ["converges"]
    assert outcome["violations"][0]["faults"] <= 2


@pytest.mark.parametrize("example", sorted(WEATHER))
def test_the_fixed_variant_passes_the_same_weather(example: str, tmp_path: Path) -> None:
    outcome = check(example, "fixed.py", tmp_path, "--examples", "25", "--budget-s", "120", *WEATHER[example])

    assert outcome["violations"] == [], outcome
    assert outcome["faults_fired"]
