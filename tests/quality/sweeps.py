"""What sweeps alone find of the zoo: one fault at every point, and pairs where one is not enough.

    python -m tests.quality.sweeps [ID...] [--jobs 2] [--rows F] [--pairs-budget 600] [--write docs/sweeps.md]

Each entry that is silent in calm weather is swept with one fault at a time. What that does not find needs two: it is
swept with pairs, as far as its budget goes (real seconds; a sweep that is cut short says so). `--rows F` keeps each row
as it is done, and does not measure again what is there. Exit code 1 if a share is below what the project promises.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from harness.detection import entry_trial, hit
from harness.sweep import sweep
from reference_impl.zoo import ZOO, Entry
from tests.quality.machine import machine

ONE_FAULT_SHARE_LEAST = 0.6
TWO_FAULTS_SHARE_LEAST = 0.5
PAIRS_BUDGET_S = 600.0
"""Real seconds: what the project promises of a workload with five objects."""


@dataclass(slots=True, kw_only=True)
class Swept:
    """What came of one sweep of one entry."""

    id: str
    faults: int
    found: bool
    """With the property that the entry names."""
    instead: tuple[str, ...]
    """Other properties that were violated."""
    runs: int
    wall_s: float
    actions: int
    """Of the shrunk schedule; 0 if it was not found."""
    finished: bool


def swept(entry: Entry, faults: int, budget_s: float | None, report_dir: str) -> Swept:
    """Sweep one entry in this process."""
    outcome = sweep(
        entry_trial(entry),
        faults=faults,
        jobs=1,
        budget_wall_s=budget_s,
        raise_on_failure=False,
        report_dir=report_dir,
    )
    found = hit(entry, outcome)
    others = dict.fromkeys(violation.property for violation in outcome.violations)
    return Swept(
        id=entry.id,
        faults=faults,
        found=found is not None,
        instead=tuple(name for name in others if name != entry.property),
        runs=outcome.examples,
        wall_s=outcome.wall_s,
        actions=found.actions if found is not None else 0,
        finished=not any("budget was spent" in warning for warning in outcome.warnings),
    )


def _swept_named(entry_id: str, faults: int, budget_s: float | None, report_dir: str) -> Swept:
    return swept(next(entry for entry in ZOO if entry.id == entry_id), faults, budget_s, report_dir)


class Rows:
    """Rows that are done, in memory and (if a file is named) on disk, as JSON lines."""

    def __init__(self, kept: Path | None) -> None:
        self.kept = kept
        self.done: dict[tuple[str, int], Swept] = {}
        if kept is not None and kept.exists():
            for line in kept.read_text(encoding="utf-8").splitlines():
                values = json.loads(line)
                row = Swept(**{**values, "instead": tuple(values["instead"])})
                self.done[row.id, row.faults] = row

    def add(self, row: Swept) -> None:
        self.done[row.id, row.faults] = row
        print(f"{row.id}, {row.faults}: {'found' if row.found else 'missed'}", file=sys.stderr, flush=True)
        if self.kept is not None:
            with self.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row)) + "\n")


def sweep_all(
    entries: Sequence[Entry], rows: Rows, *, pairs_budget_s: float, jobs: int, report_dir: str
) -> list[Swept]:
    """One fault for all, then pairs for those that were missed; rows in the order of entries, singles first."""
    ids = [entry.id for entry in entries]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:

        def run(wanted: Sequence[str], faults: int, budget_s: float | None) -> None:
            futures = [
                pool.submit(_swept_named, entry_id, faults, budget_s, report_dir)
                for entry_id in wanted
                if (entry_id, faults) not in rows.done
            ]
            for future in as_completed(futures):
                rows.add(future.result())

        run(ids, 1, None)
        missed = [entry_id for entry_id in ids if not rows.done[entry_id, 1].found]
        if pairs_budget_s > 0:
            run(missed, 2, pairs_budget_s)
    wanted = [(entry_id, 1) for entry_id in ids] + [(entry_id, 2) for entry_id in missed]
    return [rows.done[key] for key in wanted if key in rows.done]


def share(rows: Sequence[Swept], faults: int) -> tuple[int, int]:
    """How many of those that were swept with so many faults were found, and how many there are."""
    some = [row for row in rows if row.faults == faults]
    return sum(row.found for row in some), len(some)


def table(rows: Sequence[Swept]) -> str:
    """The rows as a Markdown table, and what they come to."""
    lines = [
        "| entry | faults | found | actions | runs | seconds | violated besides |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        told = "yes" if row.found else "no" if row.finished else "not within the budget"
        lines.append(
            f"| {row.id} | {row.faults} | {told} | {row.actions or '-'} | {row.runs} | {row.wall_s:.0f} "
            f"| {', '.join(row.instead)} |"
        )
    one, two = share(rows, 1), share(rows, 2)
    lines += ["", f"One fault at a time finds {one[0]} of {one[1]} entries."]
    if two[1]:
        pairs = [row for row in rows if row.faults == 2]
        cut = sum(not row.finished for row in pairs)
        lines.append(
            f"Of those that it misses, and that were swept with pairs, pairs find {two[0]} of {two[1]}; "
            f"{cut} sweeps were cut short by their budget."
        )
    return "\n".join(lines)


def kept_promises(rows: Sequence[Swept]) -> bool:
    """Are the shares what the project promises?"""
    one, two = share(rows, 1), share(rows, 2)
    return one[0] >= ONE_FAULT_SHARE_LEAST * one[1] and two[0] >= TWO_FAULTS_SHARE_LEAST * two[1]


def _document(rows: Sequence[Swept], pairs_budget_s: float) -> str:
    return "\n".join(
        [
            "# What sweeps find",
            "",
            "Made by `python -m tests.quality.sweeps --write docs/sweeps.md` "
            f"on {date.today().isoformat()}: {machine()}.",
            "A row is one sweep in one process (`tests/quality/sweeps.py`). Hot loops, which need no weather, are left "
            f"out. Pairs: what one fault does not find, for {pairs_budget_s:.0f} s at most.",
            "",
            table(rows),
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.sweeps", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="entries of the zoo; default: all that need weather")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (as many as cores)")
    parser.add_argument("--rows", metavar="FILE", help="keep rows here, and go on from those that are there")
    parser.add_argument(
        "--pairs-budget", type=float, default=PAIRS_BUDGET_S, metavar="SECONDS", help="for each; 0: no pairs"
    )
    parser.add_argument("--write", metavar="FILE", help="also write the table to this file")
    given = parser.parse_args(arguments)
    known = {entry.id: entry for entry in ZOO if entry.calm_silent}
    unknown = [entry_id for entry_id in given.ids if entry_id not in known]
    if unknown:
        parser.error(f"{unknown[0]!r} cannot be swept: choose from {', '.join(known)}")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as report_dir:
        rows = sweep_all(
            [known[entry_id] for entry_id in given.ids] or list(known.values()),
            Rows(Path(given.rows) if given.rows else None),
            pairs_budget_s=given.pairs_budget,
            jobs=max(1, given.jobs),
            report_dir=report_dir,
        )
    print(table(rows))
    print(f"{time.monotonic() - began_s:.0f} s", file=sys.stderr)
    if given.write:
        Path(given.write).write_text(_document(rows, given.pairs_budget), encoding="utf-8")
    return 0 if kept_promises(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
