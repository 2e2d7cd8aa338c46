"""What is found, and what is left alone: the zoo's entries held to what they promise.

    python -m tests.quality.measure [ID...] [--seeds 10] [--bounded] [--jobs 2] [--rows F] [--write docs/detection.md]

For each entry (`reference_impl/zoo/entry.py`):

    calm      200 examples without weather find nothing (unless the entry says that none is needed)
    without   1,000 examples with the named kinds of weather switched off find nothing: they are necessary
    only      with nothing but the named kinds it is found: they are sufficient
    found     in default weather, 200 examples find it in at least nine of ten seeds, with the property that it names
    shrunk    the median over entries is at most 4 actions, and no schedule is above 8
    silent    the fixed twin: no violation in as many examples as were tried

The awkward controllers (`reference_impl/zoo/awkward`) are right as well, and have to be left alone.

`--bounded` measures a sample of each in about a minute. `--rows F` keeps each row as it is done, and does not measure
again what is there: the whole takes an hour or two. Exit code 1 if a promise is broken.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from harness.ambient import virtual_ambient
from harness.check import check
from harness.detection import Silence, awkward_silence, entry_trial, hit
from harness.errors import SeatrialError
from harness.outcome import Outcome
from harness.session import Session
from reference_impl.zoo import ZOO, Entry
from reference_impl.zoo.awkward import AWKWARD
from tests.quality.machine import machine

Kept = TypeVar("Kept", "Row", Silence)

FOUND_SHARE_LEAST = 0.9
MEDIAN_ACTIONS_MOST = 4
ACTIONS_MOST = 8
NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much of each to try. 0 examples: leave it out."""

    seeds: int = 10
    examples: int = 200
    calm: int = 200
    without: int = 1000
    only: int = 200
    twin_seeds: int = 3
    twin: int = 350
    awkward_seeds: int = 3
    awkward: int = 700


FULL = Effort()
BOUNDED = Effort(seeds=1, calm=10, without=20, only=0, twin_seeds=1, twin=20, awkward_seeds=0)


@dataclass(slots=True, kw_only=True)
class Row:
    """What came of one entry. Counts of violations, and lists over seeds."""

    id: str
    calm: str = NOTHING
    without: str = NOTHING
    only: str = NOTHING
    found: int = 0
    seeds: int = 0
    examples: list[int] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    twin_alarms: int = 0
    twin_examples: int = 0
    broken: list[str] = field(default_factory=list)
    """Promises that did not hold, in words."""


def measure(entry: Entry, effort: Effort, report_dir: str) -> Row:
    """Hold one entry to its promises."""
    row = Row(id=entry.id)

    def tried(twin: str, seed: int, examples: int, **weather: Any) -> Outcome:
        trial = entry_trial(entry, twin, seed=seed, **weather)
        return check(trial, examples=examples, raise_on_failure=False, report_dir=report_dir)

    if entry.calm_silent:
        _measure_necessity(entry, effort, row, tried)
    for seed in range(effort.seeds if entry.calm_silent else 1):
        _note_search(entry, row, seed, tried("wrong", seed, effort.examples))
    if row.found < FOUND_SHARE_LEAST * row.seeds:
        row.broken.append(f"found in {row.found} of {row.seeds} seeds only")
    if row.actions and max(row.actions) > ACTIONS_MOST:
        row.broken.append(f"a schedule of {max(row.actions)} actions")
    for seed in range(effort.twin_seeds):
        outcome = tried("fixed", 1000 + seed, effort.twin)
        row.twin_examples += outcome.examples
        row.twin_alarms += len(outcome.violations)
        row.broken += [f"the twin violates {v.property} ({v.reason}): {v.schedule_path}" for v in outcome.violations]
    return row


def _measure_necessity(entry: Entry, effort: Effort, row: Row, tried: Callable[..., Outcome]) -> None:
    for twin in ("wrong", "fixed") if effort.calm else ():
        found = calm_violations(entry, twin, effort.calm)
        row.calm = "silent" if not found else "found"
        row.broken += [f"{twin}, in calm weather: {reason}" for reason in found[:1]]
    if effort.without:
        outcome = tried("wrong", 2000, effort.without, no_faults=entry.faults)
        row.without = f"0 in {outcome.examples}" if not outcome.violations else f"1 in {outcome.examples}"
        row.broken += [f"without {', '.join(entry.faults)}: {_told(violation)}" for violation in outcome.violations]
    if effort.only:
        outcome = tried("wrong", 3000, effort.only, faults=entry.faults)
        row.only = f"after {outcome.examples}" if hit(entry, outcome) else "not found"
        if not hit(entry, outcome):
            row.broken.append(f"not found with only {', '.join(entry.faults)}")


def _note_search(entry: Entry, row: Row, seed: int, outcome: Outcome) -> None:
    row.seeds += 1
    seen = hit(entry, outcome)
    if seen is not None:
        row.found += 1
        row.examples.append(outcome.examples)
        row.wall_s.append(outcome.wall_s)
        row.actions.append(seen.actions)
        fired = {action["do"] for action in seen.schedule["weather"]}
        if entry.calm_silent and not fired & set(entry.faults):
            row.broken.append(f"seed {seed}: found without its own weather: {_told(seen)}")
    elif outcome.violations:
        row.broken.append(f"seed {seed}: found as something else: {_told(outcome.violations[0])}")


def calm_violations(entry: Entry, twin: str, examples: int) -> list[str]:
    """What goes wrong with users alone at work: in every workload of the trial, spaced in every way."""
    found: list[str] = []
    trial = entry_trial(entry, twin)
    rng = random.Random(entry.id)
    with virtual_ambient(trial.factories):
        session = Session(trial)
        for _ in range(examples):
            workload = [_spaced(action, rng) for action in rng.choice(session.workloads)]
            example = session.run(workload, [], 0)
            found += [f"{violation.name}: {violation.judgement.reason}" for violation in example.violations]
    return found


def _spaced(action: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    if action["do"] == "sleep" or rng.random() < 0.5:
        return action
    return {**action, "in_flight": rng.randrange(16)}


def _told(violation: Any) -> str:
    weather = ", ".join(action["do"] for action in violation.schedule["weather"])
    return f"{violation.property} ({violation.reason}) by {weather or 'no weather'}: {violation.schedule_path}"


# ------------------------------------------------------------------------------------------------------------ the table


def table(rows: Sequence[Row], silences: Sequence[Silence] = ()) -> str:
    """The rows as a Markdown table, and what they come to."""
    lines = [
        "| entry | calm | without its weather | with only that | found | examples | seconds | actions | twin |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row.id} | {row.calm} | {row.without} | {row.only} | {row.found} of {row.seeds} "
            f"| {_middle(row.examples)} | {_middle(row.wall_s)} | {_middle(row.actions)} "
            f"| {row.twin_alarms} in {row.twin_examples} |"
        )
    medians = [statistics.median(row.actions) for row in rows if row.actions]
    alarms, examples = sum(row.twin_alarms for row in rows), sum(row.twin_examples for row in rows)
    found, seeds = sum(row.found for row in rows), sum(row.seeds for row in rows)
    lines += ["", f"Found: {found} of {seeds} cells. Median size of a shrunk schedule: {_middle(medians)} actions."]
    lines.append(f"False alarms on fixed twins: {alarms} in {examples} examples{_bound(alarms, examples)}.")
    if silences:
        raised = [f"{one.subject}, seed {one.seed}: {alarm}" for one in silences for alarm in one.alarms]
        count, whole = len({one.subject for one in silences}), sum(one.examples for one in silences)
        lines += [f"On {count} awkward controllers: {len(raised)} in {whole}{_bound(len(raised), whole)}.", *raised]
        whole += examples
        lines.append(f"On all: {alarms + len(raised)} in {whole}{_bound(alarms + len(raised), whole)}.")
    broken = [f"- {row.id}: {promise}" for row in rows for promise in row.broken]
    return "\n".join([*lines, "", *(["Broken promises:", "", *broken] if broken else ["Every promise held."])])


def _middle(values: Sequence[float]) -> str:
    if not values:
        return NOTHING
    middle, most = statistics.median(values), max(values)
    return f"{middle:.3g}" if middle == most else f"{middle:.3g} (most {most:.3g})"


def _bound(alarms: int, examples: int) -> str:
    """The rule of three: none in n means, at 95 %, fewer than 3 in n."""
    return f" (fewer than 1 in {examples // 3} at 95 %)" if alarms == 0 and examples >= 3 else ""


def _document(rows: Sequence[Row], silences: Sequence[Silence], wall_s: float, effort: Effort, before: int) -> str:
    command = "python -m tests.quality.measure --write docs/detection.md"
    kept = f" {before} rows were there from an earlier run (`--rows`)." if before else ""
    return "\n".join(
        [
            "# Detection",
            "",
            f"Made by `{command}` on {date.today().isoformat()} in {wall_s / 60:.0f} minutes: {machine()}.{kept}",
            f"Columns are explained in `tests/quality/measure.py`; {effort.seeds} seeds of {effort.examples} examples.",
            "",
            table(rows, silences),
            "",
        ]
    )


def rows_of(
    entries: Sequence[Entry], effort: Effort, report_dir: str, jobs: int, kept: Path | None = None
) -> list[Row]:
    """Measure these entries in so many processes (1: in this one); rows come in the order of entries.

    `kept`: a file of rows as JSON lines, to which each is added when it is done. What is there is not measured again.
    """
    rows = {row.id: row for row in _kept(kept, Row)}
    left = [entry for entry in entries if entry.id not in rows]
    if jobs == 1:
        rows |= {entry.id: _measured(entry, effort, report_dir) for entry in left}
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            futures = [pool.submit(_measure_named, entry.id, effort, report_dir) for entry in left]
            for future in as_completed(futures):
                row = rows[future.result().id] = future.result()
                print(f"{row.id}: {row.broken or 'ok'}", file=sys.stderr, flush=True)
                _keep(kept, row)
    return [rows[entry.id] for entry in entries]


def _keep(kept: Path | None, one: "Row | Silence") -> None:
    if kept is not None:
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps({type(one).__name__: asdict(one)}) + "\n")


def _kept(kept: Path | None, sort: type[Kept]) -> list[Kept]:
    if kept is None or not kept.exists():
        return []
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    return [sort(**line[sort.__name__]) for line in lines if sort.__name__ in line]


def _measured(entry: Entry, effort: Effort, report_dir: str) -> Row:
    """An error of the harness itself is a broken promise of that entry, and no end of the others' measurement."""
    try:
        return measure(entry, effort, report_dir)
    except SeatrialError as error:
        return Row(id=entry.id, broken=[f"the harness failed: {type(error).__name__}: {error}"])


def silences_of(effort: Effort, report_dir: str, jobs: int, kept: Path | None = None) -> list[Silence]:
    """What is said against the awkward controllers: nothing, if all is well. `kept`: as in `rows_of`."""
    done = {(one.subject, one.seed): one for one in _kept(kept, Silence)}
    wanted = [(one.id, seed) for one in AWKWARD for seed in range(effort.awkward_seeds)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [
            pool.submit(awkward_silence, awkward_id, seed, effort.awkward, report_dir)
            for awkward_id, seed in wanted
            if (f"awkward {awkward_id}", 1000 + seed) not in done
        ]
        for future in as_completed(futures):
            one = future.result()
            done[one.subject, one.seed] = one
            _keep(kept, one)
    return [done[key] for key in sorted(done)]


def _measure_named(entry_id: str, effort: Effort, report_dir: str) -> Row:
    return _measured(next(entry for entry in ZOO if entry.id == entry_id), effort, report_dir)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.quality.measure", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="entries of the zoo; default: all")
    parser.add_argument("--bounded", action="store_true", help="a sample of everything, in about a minute")
    parser.add_argument("--seeds", type=int, default=None, help="searches for each entry (10)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (as many as cores)")
    parser.add_argument("--rows", metavar="FILE", help="keep rows here, and go on from those that are there")
    parser.add_argument("--write", metavar="FILE", help="also write the table to this file")
    given = parser.parse_args(arguments)
    known = {entry.id: entry for entry in ZOO}
    unknown = [entry_id for entry_id in given.ids if entry_id not in known]
    if unknown:
        parser.error(f"{unknown[0]!r} is not in the zoo: choose from {', '.join(known)}")
    effort = BOUNDED if given.bounded else FULL
    if given.seeds is not None:
        effort = Effort(**{**{name: getattr(effort, name) for name in Effort.__slots__}, "seeds": given.seeds})
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as report_dir:
        entries = [known[entry_id] for entry_id in given.ids] or list(ZOO)
        kept = Path(given.rows) if given.rows else None
        before = len(_kept(kept, Row))
        rows = rows_of(entries, effort, report_dir, max(1, given.jobs), kept)
        silences = [] if given.ids else silences_of(effort, report_dir, max(1, given.jobs), kept)
    print(table(rows, silences))
    if given.write:
        wall_s = time.monotonic() - began_s
        Path(given.write).write_text(_document(rows, silences, wall_s, effort, before), encoding="utf-8")
    return 1 if any(row.broken for row in rows) or any(one.alarms for one in silences) else 0


if __name__ == "__main__":
    sys.exit(main())
