"""The example programs put on trial by their documented commands: three seeds each, the wrong one and the fixed one.

    python -m tests.examples.processes [NAME...] [--seeds 3] [--jobs 2] [--replays 10] [--rows FILE] [--write FILE]

Of each seed: the wrong variant is searched until it is found out, what was found is replayed so many times, and the
fixed variant is searched with the same budget. It takes some minutes a row, most of them waiting; CI runs one seed of
one (`test_processes.py`). Each program has a cause of its own.

`--rows F` keeps each row as it is done, and does not measure again what is there. `--write F` also writes the table
between the marks in this file. Exit code 1 if a row is not as it should be.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.docs.tables import TOP, with_tables
from tests.quality.machine import machine

EXAMPLES = TOP / "examples"
REPRODUCED_SHARE_LEAST: Final = 0.9
RATED: Final = (5, 65)
"""Examples of two searches, whose difference is what examples cost."""
RATE_LEAST: Final = 20.0
"""Examples a minute and process."""


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
    "issuer-program": Program(
        manifests=("crd.yaml", "certificate.yaml"),
        cause="stale restart",
        options=("--fault", "crash", "--fault", "time_travel", "--patience", "4"),
        argv=(sys.executable, "{variant}.py"),
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


def check_arguments(name: str, variant: str, reports: Path, *options: str) -> list[str]:
    """What follows `seatrial`, to be run in the example's folder."""
    program = PROGRAMS[name]
    manifests = [part for file in program.manifests for part in ("--manifest", file)]
    return [
        "check", "--format", "json", "--report-dir", str(reports), *manifests,
        "--workload", "workload.yaml", *program.options, *options, "--", *argv_of(name, variant),
    ]  # fmt: skip


def argv_of(name: str, variant: str) -> list[str]:
    """The program's own command line."""
    return [part.format(variant=variant) for part in PROGRAMS[name].argv]


def _seatrial(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    """What the command says, run in the example's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "seatrial", *arguments],
        cwd=EXAMPLES / name,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert done.stdout, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    assert outcome["verdict"] in ("holds", "violated", "unknown"), outcome
    return outcome


# ---------------------------------------------------------------------------------------------------------- measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One program with one seed."""

    program: str
    seed: int
    found: str
    """The claim that the wrong variant violates; or what came instead."""
    weather: int
    users: int
    """So many pieces of weather and of users' actions are left when it is shrunk."""
    reproduced: int
    replays: int
    found_wall_s: float
    fixed: str
    """The verdict on the fixed variant, with what was said of it if it is not `holds`."""
    fixed_examples: int
    fixed_wall_s: float

    @property
    def as_it_should_be(self) -> bool:
        """Found out, seen again nearly always, and nothing against the fixed one."""
        often = self.reproduced >= REPRODUCED_SHARE_LEAST * self.replays
        return self.weather > 0 and often and self.fixed == "holds"


class Kept:
    """Halves of rows, in a file if there is one: each takes minutes, and none is measured twice."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        self.halves: dict[str, dict[str, Any]] = {half["of"]: half["is"] for half in map(json.loads, lines)}

    def half(self, of: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Known, or measured now."""
        if of not in self.halves:
            self.halves[of] = measure()
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"of": of, "is": self.halves[of]}) + "\n")
        return self.halves[of]


def measured(kept: Kept, name: str, seed: int, *options: str, replays: int) -> Row:
    """One row."""
    options = ("--seed", str(seed), *options)
    wrong = kept.half(f"{name}/{seed}/wrong", partial(_wrong, name, options, replays))
    fixed = kept.half(f"{name}/{seed}/fixed", partial(_fixed, name, options))
    return Row(program=name, seed=seed, **wrong, **fixed)


def _wrong(name: str, options: Sequence[str], replays: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        outcome = _seatrial(name, check_arguments(name, "wrong", Path(folder), *options))
        violation = outcome["violations"][0] if outcome["violations"] else None
        again = reproduced(name, Path(violation["schedule"]), replays) if violation is not None else 0
    return {
        "found": violation["property"] if violation else "; ".join([outcome["verdict"], *outcome["warnings"]]),
        "weather": violation["faults"] if violation else 0,
        "users": violation["workload"] if violation else 0,
        "reproduced": again,
        "replays": replays if violation else 0,
        "found_wall_s": outcome["wall_s"],
    }


def _fixed(name: str, options: Sequence[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        outcome = _seatrial(name, check_arguments(name, "fixed", Path(folder), *options))
    said = [f"{one['property']}: {one['reason']}" for one in outcome["violations"]] or outcome["warnings"]
    holds = outcome["verdict"] == "holds"
    return {
        "fixed": "holds" if holds else "; ".join([outcome["verdict"], *said]),
        "fixed_examples": outcome["examples"],
        "fixed_wall_s": outcome["wall_s"],
    }


def rate(kept: Kept) -> float:
    """Examples a minute of one kopf operator, fair weather and confirmations apart: what more of them cost."""
    known = kept.half("kopf-operator/rate", _rate)
    return 60.0 * float(known["examples"]) / float(known["wall_s"])


def _rate() -> dict[str, Any]:
    few, many = (
        _fixed("kopf-operator", ("--examples", str(examples), "--jobs", "1", "--seed", "0")) for examples in RATED
    )
    return {"examples": RATED[1] - RATED[0], "wall_s": many["fixed_wall_s"] - few["fixed_wall_s"]}


def reproduced(name: str, schedule: Path, times: int) -> int:
    """In so many of these replays it fails again."""
    outcome = _seatrial(name, ["replay", "--format", "json", "--times", str(times), str(schedule)])
    counted = next(warning for warning in outcome["warnings"] if warning.startswith("reproduced "))
    return int(counted.split()[1])


def rows_of(
    names: Sequence[str], seeds: int, *options: str, replays: int, kept: Kept, measuring: bool = True
) -> list[Row]:
    """All rows, each printed when it is done. Not `measuring`: those of which both halves are kept."""
    rows = []
    for name in names:
        for seed in range(seeds):
            known = all(f"{name}/{seed}/{half}" in kept.halves for half in ("wrong", "fixed"))
            if known or measuring:
                rows.append(measured(kept, name, seed, *options, replays=replays))
                print(_line(rows[-1]), flush=True)
    return rows


# -------------------------------------------------------------------------------------------------------- the table

HEADER: Final = (
    "| program | its cause | seed | the wrong one violates | shrunk to | seen again | the fixed one | searches |\n"
    "|---|---|---|---|---|---|---|---|"
)


def table(rows: Sequence[Row], asked: int, per_minute: float | None = None) -> str:
    """As docs/processes.md has it; of so many rows that were asked for."""
    again, replays = sum(row.reproduced for row in rows), sum(row.replays for row in rows)
    right = sum(row.as_it_should_be for row in rows)
    return "\n".join(
        [
            f"`python -m tests.examples.processes --write docs/processes.md` on {date.today().isoformat()}:",
            f"{machine()}. Seconds are the machine's, which did other work besides.",
            "",
            HEADER,
            *map(_line, rows),
            "",
            f"{right} of {len(rows)} rows are as they should be; {again} of {replays} replays failed again."
            + (f" Not measured yet: {asked - len(rows)} rows." if len(rows) < asked else "")
            + (f" One kopf operator got through {per_minute:.0f} examples a minute." if per_minute else ""),
        ]
    )


def _line(row: Row) -> str:
    shrunk = f"{row.weather} of the weather, {row.users} of users" if row.weather else "-"
    cells = (
        f"`{row.program}`",
        PROGRAMS[row.program].cause,
        str(row.seed),
        row.found,
        shrunk,
        f"{row.reproduced} of {row.replays}",
        f"{row.fixed} in {row.fixed_examples} examples",
        f"{row.found_wall_s:.0f} s, {row.fixed_wall_s:.0f} s",
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def main() -> int:
    """Print the rows; 0 if all are as they should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.examples.processes")
    parser.add_argument("names", nargs="*", default=list(PROGRAMS), metavar="NAME", help=", ".join(PROGRAMS))
    parser.add_argument("--seeds", type=int, default=3, help="so many, from 0")
    parser.add_argument("--examples", default="20")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--replays", type=int, default=10)
    parser.add_argument("--rows", metavar="FILE", help="keep rows here, and go on from those that are there")
    parser.add_argument("--kept-only", action="store_true", help="measure nothing: only the rows that are in --rows")
    parser.add_argument("--write", metavar="FILE", help="also write the table between its marks in this file")
    given = parser.parse_args()
    for name in given.names:
        if name not in PROGRAMS:
            parser.error(f"there is no example {name!r}: take one of {', '.join(PROGRAMS)}")
    kept = Kept(Path(given.rows) if given.rows else None)
    print(HEADER)
    options = ("--examples", given.examples, "--jobs", given.jobs)
    measuring = not given.kept_only
    rows = rows_of(given.names, given.seeds, *options, replays=given.replays, kept=kept, measuring=measuring)
    asked = len(given.names) * given.seeds
    per_minute = rate(kept) if measuring or "kopf-operator/rate" in kept.halves else None
    if per_minute is not None:
        print(f"one kopf operator: {per_minute:.1f} examples a minute")
    if given.write:
        path = Path(given.write)
        text = path.read_text(encoding="utf-8")
        path.write_text(with_tables(text, {"processes": lambda: table(rows, asked, per_minute)}), encoding="utf-8")
    fast = per_minute is None or per_minute >= RATE_LEAST
    return 0 if fast and all(row.as_it_should_be for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
