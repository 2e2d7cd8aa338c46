"""What each property is worth: which zoo entries are missed without it, and which others see them too.

    python -m tests.quality.oracles [ID...] [--jobs 2] [--write docs/oracles.md]

For each entry: the schedule that the search (seed 0) has shrunk is run once under each property alone, opt-in ones
included (*who sees it*); then the property that the entry names is switched off and the search made again with the
same budget (*without it*): nothing is found, or something else is, by another property. Some properties overlap on
purpose: the comparison with fair weather (`converges`) sees most that lasts and tells least of it, and a watch that
breaks one of etcd's guarantees seldom breaks only one. If it is one of those (`OVERLAPPING`), they are switched off
too: what nobody sees then is *told by these alone*. A property is useless if all of its entries are told by others
anyway, and says nothing if it sees every entry. Exit code 1 if one does either.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from harness import registry
from harness.ambient import virtual_ambient
from harness.check import check
from harness.detection import entry_trial, hit
from harness.example import run_schedule
from harness.outcome import Violation
from harness.session import Session
from reference_impl.zoo import ZOO, Entry
from tests.quality.machine import machine

EXAMPLES = 200
OVERLAPPING = (
    "converges", "caches_equal_the_store", "watch_is_reliable", "watch_is_ordered", "watch_is_unique",
    "watch_is_resumable", "watch_is_bookmarkable", "one_sessions_reads_never_go_back",
)  # fmt: skip
NOBODY = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen of one entry."""

    entry: str
    claim: str
    """The property that it names."""
    found: bool
    seen_by: tuple[str, ...] = ()
    """Properties that see the shrunk schedule, each judging alone."""
    without: str = ""
    """The property that is found violated when the named one is switched off, in the same search."""
    shadowed: bool = False
    """That is one of `OVERLAPPING`, and without these too nobody sees it."""

    @property
    def is_missed(self) -> bool:
        """Is the entry missed if its property is switched off?"""
        return self.found and not self.without

    @property
    def counts(self) -> bool:
        """Does it show what its property is worth?"""
        return self.is_missed or self.shadowed


def look(entry: Entry, report_dir: str, examples: int = EXAMPLES, *, bounded: bool = False) -> Sight:
    """Find the entry; ask each property about the schedule; search again without the one that found it.

    Of a bug that needs no weather every example shows what there is to see (and is often a loop that only the judge's
    bound ends): two are enough, and only its own property is asked. `bounded`: ask no other in any case, and search
    again for twice as long as the find took: with the same seed the examples are the same, so who else sees it does so
    by then.
    """
    if not entry.calm_silent:
        examples = 2
    outcome = check(entry_trial(entry), examples=examples, raise_on_failure=False, report_dir=report_dir)
    found = hit(entry, outcome)
    if found is None:
        return Sight(entry=entry.id, claim=entry.property, found=False)

    if bounded:
        examples = min(examples, 2 * outcome.examples + 10)

    def found_without(*names: str) -> str:
        judged = [claim for claim in entry_trial(entry).property_objects if claim.name not in names]
        trial = entry_trial(entry, properties=judged)
        outcome = check(trial, examples=examples, raise_on_failure=False, report_dir=report_dir)
        return outcome.violations[0].property if outcome.violations else ""

    without = found_without(entry.property)
    return Sight(
        entry=entry.id,
        claim=entry.property,
        found=True,
        seen_by=seen_by(entry, found, (entry.property,) if bounded else ()),
        without=without,
        shadowed=without in OVERLAPPING and not found_without(entry.property, *OVERLAPPING),
    )


def seen_by(entry: Entry, found: Violation, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the properties (of those that are asked; nobody named: of all) that see this schedule, each alone."""
    trial = entry_trial(entry)
    schedule = found.schedule
    names: list[str] = []
    with virtual_ambient(trial.factories):
        session = Session(trial)
        reference = session.fair_weather.reference(schedule["workload"])
        for claim in (*registry.properties(), *(c for c in trial.property_objects if c not in registry.properties())):
            if not claim.applies(session.trial) or (claim.name != entry.property and not entry.calm_silent):
                continue
            if asked and claim.name not in asked:
                continue
            plan = replace(session.plan, properties=(claim,))
            example = run_schedule(plan, schedule["workload"], schedule["weather"], reference=reference)
            if example.violations:
                names.append(claim.name)
    return tuple(names)


# ----------------------------------------------------------------------------------------------------------- the table


def useless(sights: Sequence[Sight]) -> list[str]:
    """Properties without which nothing is missed that names them; for all of which there is an entry."""
    named = dict.fromkeys(sight.claim for sight in sights)
    needed = {sight.claim for sight in sights if sight.counts}
    return [name for name in named if name not in needed]


def everywhere(sights: Sequence[Sight]) -> list[str]:
    """Properties that see every entry that was found: they would tell none from another."""
    found = [sight for sight in sights if sight.found]
    names = dict.fromkeys(name for sight in found for name in sight.seen_by)
    return [name for name in names if len(found) > 1 and all(name in sight.seen_by for sight in found)]


def table(sights: Sequence[Sight]) -> str:
    """By property: what is missed without it, what another property finds instead, and what else it sees."""
    lines = [
        "| property | missed without it | told by overlapping ones alone | found by another then | sees as well |",
        "|---|---|---|---|---|",
    ]
    for claim in registry.properties():
        mine = [sight for sight in sights if sight.claim == claim.name]
        missed = [sight.entry for sight in mine if sight.is_missed]
        shadowed = [sight.entry for sight in mine if sight.shadowed]
        instead = [f"{sight.entry} ({sight.without})" for sight in mine if sight.without and not sight.shadowed]
        also = [sight.entry for sight in sights if sight.claim != claim.name and claim.name in sight.seen_by]
        lines.append(
            f"| `{claim.name}` | {_listed(missed)} | {_listed(shadowed)} | {_listed(instead)} | {_listed(also)} |"
        )
    unnamed = [claim.name for claim in registry.properties() if all(sight.claim != claim.name for sight in sights)]
    lines += ["", f"Without an entry: {_listed(unnamed)}. Useless: {_listed(useless(sights))}. "]
    lines[-1] += f"Seen everywhere: {_listed(everywhere(sights))}. "
    lines[-1] += f"Not found: {_listed([sight.entry for sight in sights if not sight.found])}."
    return "\n".join(lines)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or NOBODY


def _document(sights: Sequence[Sight], wall_s: float) -> str:
    command = "python -m tests.quality.oracles --write docs/oracles.md"
    return "\n".join(
        [
            "# What each property is worth",
            "",
            f"Made by `{command}` on {date.today().isoformat()} in {wall_s / 60:.0f} minutes: {machine()}.",
            f"Searches of {EXAMPLES} examples, seed 0; columns are explained in `tests/quality/oracles.py`.",
            "",
            table(sights),
            "",
        ]
    )


def _look_named(entry_id: str, report_dir: str) -> Sight:
    return look(next(entry for entry in ZOO if entry.id == entry_id), report_dir)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.quality.oracles", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="entries of the zoo; default: all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (as many as cores)")
    parser.add_argument("--write", metavar="FILE", help="also write the table to this file")
    given = parser.parse_args(arguments)
    known = [entry.id for entry in ZOO]
    unknown = [entry_id for entry_id in given.ids if entry_id not in known]
    if unknown:
        parser.error(f"{unknown[0]!r} is not in the zoo: choose from {', '.join(known)}")
    began_s = time.monotonic()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as report_dir,
        ProcessPoolExecutor(max(1, given.jobs), mp_context=get_context("spawn")) as pool,
    ):
        futures = [pool.submit(_look_named, entry_id, report_dir) for entry_id in given.ids or known]
        sights = [future.result() for future in futures]
    print(table(sights))
    if given.write:
        Path(given.write).write_text(_document(sights, time.monotonic() - began_s), encoding="utf-8")
    return 1 if useless(sights) or everywhere(sights) else 0


if __name__ == "__main__":
    sys.exit(main())
