"""The example programs put on trial by their documented commands: three seeds each, the wrong one and the fixed one.

    python -m tests.examples.processes [--seeds 3] [--jobs 2] [NAME...]

takes some minutes and prints a table; CI runs one seed of one (`test_processes.py`). Each has a cause of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs.tables import TOP

EXAMPLES = TOP / "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One example, as its README or docs/processes.md has it tried."""

    manifests: tuple[str, ...]
    cause: str
    options: tuple[str, ...]
    argv: tuple[str, ...]
    """With "{variant}" where the variant goes."""


KOPF = (sys.executable, "-m", "kopf", "run", "--standalone", "--all-namespaces", "{variant}.py")
PROGRAMS = {
    "kopf-operator": Program(
        manifests=("crd.yaml", "note.yaml"),
        cause="reply lost",
        options=("--fault", "reply_lost", "--patience", "4"),
        argv=KOPF,
    ),
    "informer-program": Program(
        manifests=("crd.yaml", "note.yaml"),
        cause="unobserved delete",
        options=("--fault", "crash", "--fault", "watch_gap", "--patience", "4"),
        argv=(sys.executable, "{variant}.py"),
    ),
    "go-operator": Program(
        manifests=("crd.yaml", "fleet.yaml"),
        cause="crash between two writes",
        options=("--fault", "crash", "--patience", "4"),
        argv=("./go-operator", "-variant={variant}", "-leader-elect=false"),
    ),
}


def command_of(name: str, variant: str, reports: Path, *options: str) -> list[str]:
    """`seatrial check`, to be run in the example's folder."""
    program = PROGRAMS[name]
    manifests = [part for file in program.manifests for part in ("--manifest", file)]
    return [
        sys.executable, "-m", "seatrial", "check", "--format", "json", "--report-dir", str(reports), *manifests,
        "--workload", "workload.yaml", *program.options, *options,
        "--", *(part.format(variant=variant) for part in program.argv),
    ]  # fmt: skip


def check(name: str, variant: str, reports: Path, *options: str) -> dict[str, Any]:
    """What the command says."""
    done = subprocess.run(
        command_of(name, variant, reports, *options),
        cwd=EXAMPLES / name,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.stdout, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    assert outcome["verdict"] in ("holds", "violated", "unknown"), outcome
    return outcome


def main() -> int:
    """Print the table; 0 if all wrong ones were found out and all fixed ones hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=sorted(PROGRAMS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--examples", default="20")
    parser.add_argument("--jobs", default="2")
    given = parser.parse_args()
    as_it_should = True
    print(f"{'program':18} {'cause':26} {'variant':8} seed exit examples  wall_s  what was found")
    for name in given.names:
        for variant, expected in (("wrong", 1), ("fixed", 0)):
            for seed in range(given.seeds):
                with tempfile.TemporaryDirectory() as folder:
                    options = ("--examples", given.examples, "--jobs", given.jobs, "--seed", str(seed))
                    outcome = check(name, variant, Path(folder), *options)
                as_it_should &= outcome["exit"] == expected
                found = [f"{v['property']}, {v['faults']} of the weather" for v in outcome["violations"]]
                told = "; ".join([*found, *outcome["scope"], *([] if found else outcome["warnings"])])
                print(
                    f"{name:18} {PROGRAMS[name].cause:26} {variant:8} {seed:4} {outcome['exit']:4} "
                    f"{outcome['examples']:8} {outcome['wall_s']:7.1f}  {told}",
                    flush=True,
                )
    return 0 if as_it_should else 1


if __name__ == "__main__":
    sys.exit(main())
