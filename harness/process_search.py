"""`check` of processes: examples by number, several at a time if asked for; what fails once is suspected, no more.

Each example does what its number says, and results are taken in the order of numbers: so how many run at once changes
nothing about what is drawn, nor about which failure is the first. (When the process writes is its own affair.)

A failure is run again before anybody hears of it: with a new process and all the patience, then without any weather,
which tells "the weather did it" from "fair weather was looked at too early". Then it is shrunk, within so many runs.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from harness.decider import Decider, schedule_of
from harness.findings import Written, write_down_flaky
from harness.flaky import RUNS_MAX, FlakyShrinker, holds_in_fair_weather, seen_again
from harness.foreign.running import die_with
from harness.session import Finding, Session, Tally
from harness.shrink import Shrunk, shrink_all
from harness.weather import Action
from harness.workers import Here, Processes, Workers

DOUBTS_MAX: Final = 5
"""After so many failures that are not seen again nobody looks further (arbitrary): something is not as it should be."""


@dataclass(slots=True, kw_only=True)
class Played:
    """What one example tells of itself."""

    tally: Tally
    workload: list[Action]
    weather: list[Action]
    found: list[tuple[str, str]]
    """(property, key) of what it violates."""


class ProcessSearch:
    """One search. `session` is of the trial; `deadline_wall_s` as time.monotonic() has it."""

    def __init__(
        self,
        session: Session,
        *,
        examples: int,
        jobs: int,
        deadline_wall_s: float | None,
        progress: Callable[..., None] | None,
    ) -> None:
        self.session = session
        self.examples = examples
        self.jobs = jobs
        self.deadline_wall_s = deadline_wall_s
        self.progress = progress
        self.doubts: list[str] = []
        """What failed once and not again."""
        self.scope: list[str] = []
        """What was done, in sentences."""

    def find(self) -> Finding | None:
        """The first example that fails, and fails again. Its counts are in the session's tally."""
        session = self.session
        if not session.faults:
            return None
        workers = self._workers()
        try:
            with closing(workers.results(play, [(number,) for number in range(self.examples)])) as results:
                for played in results:
                    session.tally.merge(played.tally)
                    self._tell()
                    finding = self._looked_into(played) if played.found else None
                    if finding is not None or len(self.doubts) >= DOUBTS_MAX or self._is_late():
                        return finding
        finally:
            workers.close()
        return None

    def conclude(self, finding: Finding, folder: Any, replay_hint: str) -> list[Written]:
        """Shrink it, and write down what is seen again. Raises UsageError (folder)."""
        written = []
        for shrunk in shrink_all(self.session, finding, limit=1, shrinker=FlakyShrinker):
            one = write_down_flaky(self.session, shrunk, folder, replay_hint)
            if one is None:  # it was shrunk with little patience: with more, it may be another story
                shrunk = as_found(finding, shrunk.runs)
                one = write_down_flaky(self.session, shrunk, folder, replay_hint)
            if one is None:
                self.doubts.append(f"{shrunk.found.name}: {shrunk.found.judgement.reason}; seen before, and not again")
                continue
            written.append(one)
            spent = "" if shrunk.runs < RUNS_MAX else ", so there may be a smaller one"
            self.scope.append(
                f"{one.violation.property}: shrunk in {shrunk.runs} of at most {RUNS_MAX} runs{spent}; "
                f"reproduced {one.reproduced}"
            )
        return written

    def keep(self, finding: Finding, folder: Any, replay_hint: str) -> list[Written]:
        """Interrupted while shrinking: as it was found, looked at once more."""
        one = write_down_flaky(self.session, as_found(finding, 0), folder, replay_hint, hurried=True)
        return [] if one is None else [one]

    @property
    def unfinished(self) -> str:
        """Why nobody can tell; empty if nothing was in doubt."""
        return "; ".join(dict.fromkeys(self.doubts))

    # ------------------------------------------------------------------------------------------------------ searching

    def _workers(self) -> Workers:
        if self.jobs == 1:
            return Here(Decider(self.session))
        # Forked, since a fair-weather run costs seconds: all of them hold their examples against the same ones.
        return Processes(self.jobs, _begin, (self.session, os.getpid()), start="fork")

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(min(self.session.tally.examples, self.examples), self.examples, len(self.session.findings))

    def _is_late(self) -> bool:
        return self.deadline_wall_s is not None and time.monotonic() > self.deadline_wall_s

    def _looked_into(self, played: Played) -> Finding | None:
        """Does it fail again, and not without weather?"""
        session = self.session
        names = " and ".join(dict.fromkeys(name for name, _ in played.found))
        again = seen_again(session, played.workload, played.weather, played.found)
        if again is None:
            self.doubts.append(f"{names}: violated once, and not again by the same users and weather")
            return None
        if played.weather and not holds_in_fair_weather(session, again[0], played.workload):
            self.doubts.append(
                f"{names}: the same workload ends so without any weather, if one waits longer: its end depends on "
                "time, and cannot be compared (name what never rests with volatile=)"
            )
            return None
        finding = Finding(workload=played.workload, weather=played.weather, found=again)
        session.findings.append(finding)
        return finding


def as_found(finding: Finding, runs: int) -> Shrunk:
    """Not shrunk."""
    return Shrunk(workload=finding.workload, weather=finding.weather, found=finding.found[0], runs=runs)


# ------------------------------------------------------------------------------------------------------ in the workers


@contextmanager
def _begin(session: Session, parent: int) -> Iterator[Decider]:
    die_with(parent)  # who collects may be killed, and nobody is to go on then
    if session.plan.room is not None:
        session.plan.room.forget()
    yield Decider(session)


def play(decider: Decider, number: int) -> Played:
    """Run the example of this number."""
    session = decider.session
    known, session.tally = session.tally, Tally()
    try:
        example = decider.run(number)
        workload, weather = schedule_of(example)
        return Played(
            tally=session.tally,
            workload=workload,
            weather=weather,
            found=[(found.name, found.key) for found in session.unaccepted(example.violations)],
        )
    finally:
        session.tally = known
