"""`sweep`: every kind of weather at every request, reply and delivery of one calm run, and between its user actions.

Where `check` samples, `sweep` counts through: what it finds nothing in, it rules out, and says so in `Outcome.scope`.
One fault at a time, or with `faults=2` each first fault with every second one that could make a difference
(`points.py`). Work is spread over processes; results are taken in the order of the points, so the number of processes
changes nothing. Results are written to a file as they come, if one is named, and read from there the next time.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from harness.ambient import virtual_ambient
from harness.anchors import Point
from harness.conclusion import outcome_of, raised
from harness.errors import NonDeterminismError, UsageError
from harness.findings import Written, replay_hint, write_down
from harness.garbage import collected_between_worlds, put_aside
from harness.outcome import Outcome
from harness.overrides import OVERRIDES, overridden
from harness.points import PRUNINGS, Course, Tried
from harness.replay import replay
from harness.report_folder import assert_writable
from harness.resume import ResumeFile
from harness.schedule import code_digest, versions
from harness.session import Finding
from harness.shrink import Shrinker, Shrunk
from harness.trial import Trial
from harness.watchdog import interruptible, watchdog
from harness.workers import Here, Processes, Workers, arguments_for, trial_at_work, unsendable_parts

DEFAULT_REPORT_DIR = "seatrial-reports"
SHRUNK_MAX = 10
"""Distinct bugs that are shrunk and reported (arbitrary); the others are counted in `Outcome.warnings`."""

CHUNK = 8
"""Points that a process is given at once."""

Progress = Callable[..., None]


def sweep(
    trial: Trial,
    *,
    faults: int = 1,
    jobs: int | None = None,
    resume: str | os.PathLike[str] | None = None,
    report_dir: Any = None,
    progress: Progress | None = None,
    budget_wall_s: float | None = None,
    raise_on_failure: bool = True,
) -> Outcome:
    """Try each fault, or each pair, at each point of the calm run.

    Args:
        faults: 1, or 2 for pairs as well.
        jobs: processes; default: one a core. A trial that holds code which no file can hold runs in this one.
        resume: a file to which results are written, and from which those that are there are taken.
        progress: called with (done, total, found) after each few points.
        budget_wall_s: real seconds; what is left then makes the verdict unknown, unless something is violated.

    Raises:
        TrialFailed, TrialInconclusive: as `check`.
        UsageError: the trial or an argument cannot work, or `resume` is of another sweep.
    """
    if OVERRIDES.replay is not None:
        return replay(OVERRIDES.replay, trial=trial, raise_on_failure=raise_on_failure)
    if faults not in (1, 2):
        raise UsageError(f"faults={faults!r} cannot work: a sweep tries 1 fault at a time, or 2")
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs={jobs} does no work: give at least 1")
    trial = overridden(trial)
    if trial.processes:
        raise UsageError("a process is tried with check: sweep needs runs that can be repeated exactly")
    folder = OVERRIDES.report_dir or report_dir or DEFAULT_REPORT_DIR
    assert_writable(folder)
    size = 1 if unsendable_parts(trial) else jobs or os.cpu_count() or 1
    outcome = _Sweep(trial, faults, size, progress, budget_wall_s).run(folder, resume)
    return raised(outcome, raise_on_failure)


class _Sweep:
    """One call of `sweep`."""

    def __init__(
        self, trial: Trial, faults: int, size: int, progress: Progress | None, budget_wall_s: float | None
    ) -> None:
        self.given = trial
        self.faults = faults
        self.size = size
        """Processes."""
        self.progress = progress
        self.began_wall_s = time.monotonic()
        self.deadline_wall_s = None if budget_wall_s is None else self.began_wall_s + budget_wall_s
        self.course: Course | None = None
        self.singles: dict[str, Tried] = {}
        self.pairs: dict[str, Tried] = {}
        self.total = 0
        self.unfinished = ""
        self.fair: list[Finding] = []
        """What fair weather alone shows."""
        self.written: dict[tuple[str, str], Written] = {}
        """Reports, by property and key of the bug, as they come: what is there is kept whatever comes next."""

    def run(self, folder: Any, resume: str | os.PathLike[str] | None) -> Outcome:
        interrupted = False
        with ExitStack() as contexts:
            contexts.enter_context(interruptible())
            contexts.enter_context(virtual_ambient(self.given.factories))
            contexts.enter_context(watchdog())
            contexts.enter_context(collected_between_worlds())
            try:
                course = self.course = Course(self.given)
                self.fair = self._fair_weather_findings(course)
                if self.fair:
                    self._report(course, self.fair, folder)
                else:
                    course.look()
                    put_aside()
                    processes = Processes(self.size, begin_sweep, arguments_for(self.given))
                    contexts.callback(processes.close)
                    with ResumeFile(resume, self._header(course)) as store:
                        self._try_all(course, store, processes)
                    self._report(course, self._bugs(), folder)
            except KeyboardInterrupt:
                interrupted = True
                if self.course is not None:
                    self._report(self.course, self.fair or self._bugs(), folder, shrinking=False)
        session = self.course.session if self.course is not None else None
        outcome = outcome_of(
            self.given,
            session,
            list(self.written.values()),
            wall_s=time.monotonic() - self.began_wall_s,
            fair_weather=self.course is not None and bool(self.course.session.dry_run.example.violations),
            interrupted=interrupted,
            unfinished=self.unfinished,
        )
        if self.course is not None and not outcome.fair_weather:
            outcome.scope = self._scope(self.course)
        return outcome

    def _fair_weather_findings(self, course: Course) -> list[Finding]:
        example = course.session.dry_run.example
        course.session.tally.add(example)
        course.session.tally.examples = 0
        found = course.session.unaccepted(example.violations)
        return [Finding(workload=list(example.workload), weather=[], found=[one]) for one in found]

    # ---------------------------------------------------------------------------------------------------- the points

    def _try_all(self, course: Course, store: ResumeFile, processes: Workers) -> None:
        self.total = len(course.points)
        self._try(course, "attempt", [point.name for point in course.points], store, processes, self.singles)
        if self.faults == 2 and not self.unfinished:
            firsts = [name for name, tried in self.singles.items() if tried.struck]
            self.total += len(firsts)
            self._try(course, "attempt_pairs", firsts, store, processes, self.pairs)

    def _try(
        self,
        course: Course,
        what: str,
        names: Sequence[str],
        store: ResumeFile,
        processes: Workers,
        into: dict[str, Tried],
    ) -> None:
        """Try those of `names` that the store does not know yet, and put all into `into` in their order."""
        known = store.known[what]
        missing = [name for name in names if name not in known]
        chunks = [missing[start : start + CHUNK] for start in range(0, len(missing), CHUNK)]
        pieces = [
            (what, chunk, {name: self.singles[name] for name in chunk if name in self.singles}) for chunk in chunks
        ]
        workers = processes if self.size > 1 and len(pieces) > 1 else Here(course)
        try:
            with closing(workers.results(work, pieces)) as results:
                for chunk in results:
                    for tried in chunk:
                        known[tried.name] = tried
                        store.keep(what, tried)
                    self._tell(len(self.singles) if what != "attempt" else 0, known)
                    if self.deadline_wall_s is not None and time.monotonic() > self.deadline_wall_s:
                        self.unfinished = "the budget was spent before every point was tried"
                        break
        finally:
            for name in names:
                if name in known:
                    into[name] = known[name]
                    course.session.tally.merge(known[name].tally)
                    for index in known[name].accepted:
                        course.session.accepted.setdefault(self.given.ignore[index], 1)

    def _tell(self, before: int, known: dict[str, Tried]) -> None:
        if self.progress is not None:
            found = {bug[:2] for tried in (*self.singles.values(), *known.values()) for bug in tried.found}
            self.progress(before + len(known), self.total, len(found))

    # ------------------------------------------------------------------------------------------------------- the bugs

    def _bugs(self) -> list[Finding]:
        """One finding for each distinct bug: the first point, in order, that showed it."""
        assert self.course is not None
        first: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for tried in (*self.singles.values(), *self.pairs.values()):
            for name, key, weather in tried.found:
                first.setdefault((name, key), weather)
        findings = []
        for (name, key), weather in first.items():
            example = self.course.session.run(self.course.workload, weather)
            found = [f for f in example.violations if (f.name, f.key) == (name, key)]
            if not found:
                raise NonDeterminismError(
                    f"a point of the sweep violated {name} and does not do so when it is run again, in this process. "
                    "The usual cause is state that the controller keeps between runs in module globals. "
                    "See docs/determinism.md."
                )
            findings.append(Finding(workload=list(self.course.workload), weather=list(weather), found=found))
        order = {claim.name: index for index, claim in enumerate(self.course.session.plan.properties)}
        findings.sort(key=lambda finding: order.get(finding.found[0].name, len(order)))
        return findings

    def _report(self, course: Course, findings: Sequence[Finding], folder: Any, *, shrinking: bool = True) -> None:
        """Write down those of the findings that are not yet."""
        hint = replay_hint(self.given, OVERRIDES.nodeid)
        for finding in findings[:SHRUNK_MAX]:
            bug = (finding.found[0].name, finding.found[0].key)
            if bug in self.written:
                continue
            if shrinking:
                shrunk = Shrinker(course.session, finding, finding.found[0]).shrink()
            else:
                workload, weather = finding.workload, finding.weather
                shrunk = Shrunk(workload=workload, weather=weather, found=finding.found[0], runs=0)
            self.written[bug] = write_down(course.session, shrunk, folder, hint)
        if len(findings) > SHRUNK_MAX:
            others = ", ".join(dict.fromkeys(finding.found[0].name for finding in findings[SHRUNK_MAX:]))
            course.session.tally.warnings[
                f"{len(findings) - SHRUNK_MAX} more bugs were found and not shrunk: {others}"
            ] = None

    # ------------------------------------------------------------------------------------------------------ the scope

    def _header(self, course: Course) -> dict[str, Any]:
        """What a resume file must be of."""
        return {
            "seatrial_sweep": 1,
            "trial": course.session.trial.describe(),
            "code_digest": code_digest(course.session.trial),
            "versions": versions(),
            "points": len(course.points),
        }

    def _scope(self, course: Course) -> list[str]:
        """What was tried, and what is thereby ruled out, in sentences."""
        struck = {name: tried for name, tried in self.singles.items() if tried.struck}
        runs = sum(tried.tally.examples for tried in (*self.singles.values(), *self.pairs.values()))
        messages = len({point.name.partition("/")[2] for point in course.points if "/step/" not in point.name})
        kinds = {fault.name: None for fault in course.session.faults}
        lines = [
            f"swept: one workload of {len(course.workload)} user actions, {messages} messages, {len(kinds)} kinds of "
            f"weather; {len(self.singles)} of {len(course.points)} points tried, at {len(struck)} something changed; "
            f"{runs} runs"
        ]
        for kind, bugs in _by_bug(self.singles).items():
            lines.append(f"one fault shows {kind}: at {sum(bugs.values())} points ({_counted(bugs)})")
        guilty = {name.partition("/")[0]: None for name, tried in self.singles.items() if tried.found}
        innocent = [name for name in kinds if name not in guilty and any(_kind(point) == name for point in struck)]
        if innocent and not self.unfinished:
            lines.append(
                f"ruled out: that a single {' or '.join(innocent)}, wherever it changes this workload's calm run, "
                "violates a property that was judged"
            )
        if self.pairs:
            counts = [sum(tried.pairs[step] for tried in self.pairs.values()) for step in range(len(PRUNINGS))]
            lines.append(
                f"pairs: {len(self.pairs)} first faults; "
                + "; ".join(f"{text}: {count}" for text, count in zip(PRUNINGS, counts, strict=True))
            )
            for kind, bugs in _by_bug(self.pairs).items():
                lines.append(f"two faults show {kind}: after {sum(bugs.values())} first ones ({_counted(bugs)})")
        return lines


def _by_bug(tried: dict[str, Tried]) -> dict[str, dict[str, int]]:
    """For each property, at how many points each kind showed it."""
    bugs: dict[str, dict[str, int]] = {}
    for name, one in tried.items():
        for claim in dict.fromkeys(found[0] for found in one.found):
            counts = bugs.setdefault(claim, {})
            counts[_kind(name)] = counts.get(_kind(name), 0) + 1
    return bugs


def _kind(point: str) -> str:
    return point.partition("/")[0]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


# ------------------------------------------------------------------------------------------------------ in the workers


@contextmanager
def begin_sweep(description: dict[str, Any], paths: Sequence[str], digest: str) -> Iterator[Course]:
    """What a worker of a sweep begins with."""
    with trial_at_work(description, paths, digest) as trial, collected_between_worlds():
        course = Course(trial)
        course.look()
        put_aside()
        yield course


def work(course: Course, what: str, names: Sequence[str], firsts: dict[str, Tried]) -> list[Tried]:
    """Try these points, or these first faults with all their second ones."""
    if what == "attempt_pairs":
        return [course.attempt_pairs(firsts[name]) for name in names]
    points: dict[str, Point] = {point.name: point for point in course.points}
    return [course.attempt(points[name]) for name in names]
