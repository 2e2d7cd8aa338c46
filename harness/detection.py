"""The detection matrix: which engine finds which zoo entry, how fast and how small; and who stays silent that should.

A cell is one entry, one engine and one seed; a silence is a twin or an awkward controller under one seed. Everything is
judged as a user's own trial would be. Cells are spread over processes; each depends on its own seed alone, so the
number of processes changes nothing but the seconds.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from typing import Any

from harness.campaign import campaign
from harness.check import check
from harness.errors import UsageError
from harness.outcome import Outcome, Violation, upper_bound_95
from harness.sweep import sweep
from harness.trial import Trial
from reference_impl.zoo import ZOO, Entry
from reference_impl.zoo.awkward import AWKWARD, Awkward

ENGINES = ("check", "sweep", "campaign")

UNSHRUNK = 99
"""`Cell.actions` of a find that nobody had the time to shrink (the interface's number)."""

FOUND_SHARE_LEAST = 0.95
"""Of the cells of `check`, to call it a success."""

_CONFIDENCE = 0.95

Progress = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one engine made of one entry under one seed."""

    entry: str
    engine: str
    seed: int
    found: bool
    """With the property that the entry names."""
    instead: str
    """The property that was found violated instead, if any was."""
    examples: int
    """Until the find; of a sweep, which does not end at a find: all."""
    wall_s: float
    actions: int
    """Of the shrunk schedule; 0 if nothing was found, `UNSHRUNK` if it was not shrunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What was said about a controller that is right, under one seed: nothing, if all is well."""

    subject: str
    seed: int
    examples: int
    alarms: tuple[str, ...]
    verdict: str


@dataclass(slots=True, kw_only=True)
class Matrix:
    """All cells and silences, in their order."""

    cells: list[Cell] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)

    @property
    def alarms(self) -> list[str]:
        return [f"{one.subject}, seed {one.seed}: {alarm}" for one in self.silences for alarm in one.alarms]

    @property
    def missed(self) -> list[str]:
        """Entries that under some seed no engine found."""
        found = {(cell.entry, cell.seed) for cell in self.cells if cell.found}
        missing = {(cell.entry, cell.seed): None for cell in self.cells if (cell.entry, cell.seed) not in found}
        return [f"{entry}, seed {seed}" for entry, seed in missing]

    @property
    def share(self) -> float:
        """Of the cells of `check` that found their entry; of all cells if `check` was not run."""
        cells = [cell for cell in self.cells if cell.engine == "check"] or self.cells
        return sum(cell.found for cell in cells) / len(cells) if cells else 1.0

    @property
    def succeeded(self) -> bool:
        return not self.alarms and not self.missed and self.share >= FOUND_SHARE_LEAST

    def entries(self) -> list[dict[str, Any]]:
        """One row for each entry and engine. Medians are over the seeds in which it was found; None if in none."""
        rows = []
        for entry, engine in dict.fromkeys((cell.entry, cell.engine) for cell in self.cells):
            cells = [cell for cell in self.cells if (cell.entry, cell.engine) == (entry, engine)]
            hits = [cell for cell in cells if cell.found]
            twins = [one for one in self.silences if one.subject == twin_of(entry)]
            rows.append(
                {
                    "id": entry,
                    "engine": engine,
                    "seeds": len(cells),
                    "found": len(hits),
                    "median_examples": statistics.median(cell.examples for cell in hits) if hits else None,
                    "median_s": statistics.median(cell.wall_s for cell in hits) if hits else None,
                    "median_actions": statistics.median(cell.actions for cell in hits) if hits else None,
                    "actions": max((cell.actions for cell in hits), default=None),
                    "twin_alarms": sum(len(one.alarms) for one in twins),
                    "twin_examples": sum(one.examples for one in twins),
                }
            )
        return rows

    def to_json(self) -> dict[str, Any]:
        """The interface's names first. `cells_found_ratio` is of `check` alone: None if it was not run."""
        checked = [cell.found for cell in self.cells if cell.engine == "check"]
        return {
            "seatrial": 1,
            "exit": 0 if self.succeeded else 1,
            "entries": self.entries(),
            "cells_found_ratio": sum(checked) / len(checked) if checked else None,
            "false_alarms": len(self.alarms),
            "false_alarm_examples": sum(one.examples for one in self.silences),
            "found_share": round(self.share, 4),
            "missed": self.missed,
            "alarms": self.alarms,
            "cells": [asdict(cell) for cell in self.cells],
            "silences": [{**asdict(one), "alarms": list(one.alarms)} for one in self.silences],
        }


def twin_of(entry_id: str) -> str:
    """The name of an entry's fixed twin."""
    return f"{entry_id}.fixed"


def entry_trial(entry: Entry, twin: str = "wrong", **more: Any) -> Trial:
    """The trial of a zoo entry, or of its fixed twin."""
    fixed = twin == "fixed"
    name = f"zoo:{entry.id}" + (".fixed" if fixed else "")
    return Trial([name, *entry.beside], **{**entry.trial_arguments(fixed=fixed), **more})


def hit(entry: Entry, outcome: Outcome) -> Violation | None:
    """The violation that the entry promises, if it was found."""
    return next((violation for violation in outcome.violations if violation.property == entry.property), None)


def chosen(ids: Sequence[str]) -> list[Entry]:
    """Entries by id; none given: all. Raises UsageError for one that is not there."""
    known = {entry.id: entry for entry in ZOO}
    for entry_id in ids:
        if entry_id not in known:
            raise UsageError(f"there is no {entry_id!r} in the zoo; `seatrial zoo list` lists what is")
    return [known[entry_id] for entry_id in ids] or list(ZOO)


def matrix(
    entries: Sequence[Entry],
    *,
    engines: Sequence[str] = ENGINES,
    seeds: int = 10,
    examples: int = 200,
    awkward: bool = True,
    jobs: int = 1,
    report_dir: str,
    progress: Progress | None = None,
) -> Matrix:
    """Run all cells and silences.

    Args:
        examples: of a search by `check`, and for each twin and awkward controller under each seed.
        awkward: try the awkward controllers as well.
        progress: called with (done, total, found); found counts alarms.
    """
    work: list[tuple[Callable[..., Cell | Silence], tuple[Any, ...]]] = []
    for entry in entries:
        for engine in engines:
            for seed in range(seeds if entry.calm_silent else 1):
                work.append((_cell, (entry.id, engine, seed, examples, report_dir)))
        work += [(_twin, (entry.id, seed, examples, report_dir)) for seed in range(seeds)]
    for one in AWKWARD if awkward else ():
        work += [(awkward_silence, (one.id, seed, examples, report_dir)) for seed in range(seeds)]
    result = Matrix()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(function, *arguments) for function, arguments in work]
        try:
            for done, future in enumerate(futures, 1):
                part = future.result()
                if isinstance(part, Cell):
                    result.cells.append(part)
                else:
                    result.silences.append(part)
                if progress is not None:
                    progress(done, len(work), len(result.alarms))
        finally:
            for future in futures:
                future.cancel()
    return result


def _cell(entry_id: str, engine: str, seed: int, examples: int, report_dir: str) -> Cell:
    entry = next(entry for entry in ZOO if entry.id == entry_id)
    trial = entry_trial(entry, seed=seed)
    if engine == "sweep":
        outcome = sweep(trial, jobs=1, raise_on_failure=False, report_dir=report_dir)
    elif engine == "campaign":
        outcome = campaign(trial, workers=1, examples=examples, enough=1, raise_on_failure=False, report_dir=report_dir)
    else:
        outcome = check(trial, examples=examples, raise_on_failure=False, report_dir=report_dir)
    violation = hit(entry, outcome)
    others = [other.property for other in outcome.violations]
    return Cell(
        entry=entry_id,
        engine=engine,
        seed=seed,
        found=violation is not None,
        instead=others[0] if others and violation is None else "",
        examples=outcome.examples,
        wall_s=round(outcome.wall_s, 3),
        actions=_actions(violation, outcome),
    )


def _actions(violation: Violation | None, outcome: Outcome) -> int:
    if violation is None:
        return 0
    # Whoever is interrupted writes down what was found as it is.
    return UNSHRUNK if outcome.interrupted else violation.actions


def _twin(entry_id: str, seed: int, examples: int, report_dir: str) -> Silence:
    entry = next(entry for entry in ZOO if entry.id == entry_id)
    # Other seeds than those of the wrong twin: more weather is seen.
    return _silence(twin_of(entry_id), entry_trial(entry, "fixed", seed=1000 + seed), examples, report_dir)


def awkward_silence(awkward_id: str, seed: int, examples: int, report_dir: str) -> Silence:
    """What is said against one awkward controller under one seed."""
    one: Awkward = next(one for one in AWKWARD if one.id == awkward_id)
    controllers = [one.controller] if callable(one.controller) else list(one.controller)
    trial = Trial(controllers, one.manifests, **{**one.trial_options, "seed": 1000 + seed})
    return _silence(f"awkward {awkward_id}", trial, examples, report_dir)


def _silence(subject: str, trial: Trial, examples: int, report_dir: str) -> Silence:
    outcome = check(trial, examples=examples, raise_on_failure=False, report_dir=report_dir)
    return Silence(
        subject=subject,
        seed=trial.seed,
        examples=outcome.examples,
        alarms=tuple(f"{v.property}: {v.reason} ({v.schedule_path})" for v in outcome.violations),
        verdict=outcome.verdict,
    )


# ------------------------------------------------------------------------------------------------------------- as text


def rows(result: Matrix) -> list[tuple[str, ...]]:
    """The matrix as a table, its head first."""
    table: list[tuple[str, ...]] = [("entry", "engine", "found", "examples", "seconds", "actions")]
    for entry, engine in dict.fromkeys((cell.entry, cell.engine) for cell in result.cells):
        cells = [cell for cell in result.cells if (cell.entry, cell.engine) == (entry, engine)]
        hits = [cell for cell in cells if cell.found]
        instead = dict.fromkeys(cell.instead for cell in cells if cell.instead)
        table.append(
            (
                entry,
                engine,
                f"{len(hits)} of {len(cells)}" + (f", else {', '.join(instead)}" if instead else ""),
                _middle([cell.examples for cell in hits]),
                _middle([cell.wall_s for cell in hits]),
                _middle([cell.actions for cell in hits]),
            )
        )
    return table


def conclusion(result: Matrix) -> list[str]:
    """What the matrix comes to, in sentences."""
    sizes = [cell.actions for cell in result.cells if cell.found]
    lines = []
    for engine in dict.fromkeys(cell.engine for cell in result.cells):
        cells = [cell for cell in result.cells if cell.engine == engine]
        lines.append(f"{engine}: {sum(cell.found for cell in cells)} of {len(cells)} cells found")
    if sizes:
        lines.append(f"shrunk size: median {statistics.median(sizes):g}, largest {max(sizes)}")
    total = sum(one.examples for one in result.silences)
    unknown = [one.subject for one in result.silences if one.verdict == "unknown"]
    if total:
        bound = f", at 95 % fewer than {upper_bound_95(total):.3%} of such examples" if not result.alarms else ""
        lines.append(f"false alarms on twins and awkward controllers: {len(result.alarms)} in {total} examples{bound}")
    if unknown:
        lines.append(f"not judged to the end: {', '.join(dict.fromkeys(unknown))}")
    lines += [f"found by no engine: {missed}" for missed in result.missed]
    lines += [f"false alarm: {alarm}" for alarm in result.alarms]
    return lines


def _middle(values: Sequence[float]) -> str:
    if not values:
        return "-"
    low, high = median_interval(values)
    middle = f"{statistics.median(values):.3g}"
    return middle if low == high else f"{middle} ({low:.3g} to {high:.3g})"


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Between these the median lies with at least 95 % confidence, whatever the distribution (order statistics). With
    fewer than six values no such interval is that sure: the whole range is given.

    >>> median_interval([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    (2, 9)
    """
    ordered = sorted(values)
    n = len(ordered)
    rank, outside = 0, 0.0
    while rank < n // 2:
        outside += math.comb(n, rank) / 2**n
        if 2 * outside > 1 - _CONFIDENCE:
            break
        rank += 1
    first = max(rank - 1, 0)
    return ordered[first], ordered[n - 1 - first]
