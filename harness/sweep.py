"""`sweep`: every kind of weather at every request, reply and delivery of one calm run, and between its user actions.

Where `check` samples, `sweep` counts through: what it finds nothing in, it rules out, and says so in `Outcome.scope`.
One fault at a time, or with `faults=2` each first fault with every second one that could make a difference
(`points.py`). Work is spread over processes; results are taken in the order of the points, so the number of processes
changes nothing. Results are written to a file as they come, if one is named, and read from there the next time.
"""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, redirect_stdout
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from harness.ambient import virtual_ambient
from harness.anchors import Point
from harness.conclusion import outcome_of, raised
from harness.errors import NonDeterminismError, SeatrialError, UsageError
from harness.findings import Written, replay_hint, write_down
from harness.outcome import Outcome
from harness.overrides import OVERRIDES, overridden
from harness.points import PRUNINGS, Course, Tried
from harness.report_folder import assert_writable
from harness.schedule import code_digest
from harness.session import Finding, Tally
from harness.shrink import Shrinker, Shrunk
from harness.trial import Trial, trial_from_description
from harness.watchdog import interruptible, watchdog

DEFAULT_REPORT_DIR = "seatrial-reports"
SHRUNK_MAX = 10
"""Distinct bugs that are shrunk and reported (arbitrary); the others are counted in `Outcome.warnings`."""

CHUNK = 8
"""Points that a process is given at once."""

POOLS_MAX = 3
"""How often a pool of processes is made anew after one was killed."""

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
    if faults not in (1, 2):
        raise UsageError(f"faults={faults!r} cannot work: a sweep tries 1 fault at a time, or 2")
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs={jobs} does no work: give at least 1")
    trial = overridden(trial)
    folder = OVERRIDES.report_dir or report_dir or DEFAULT_REPORT_DIR
    assert_writable(folder)
    workers = (jobs or os.cpu_count() or 1) if trial.portable else 1
    outcome = _Sweep(trial, faults, workers, progress, budget_wall_s).run(folder, resume)
    return raised(outcome, raise_on_failure)


class _Sweep:
    """One call of `sweep`."""

    def __init__(
        self, trial: Trial, faults: int, workers: int, progress: Progress | None, budget_wall_s: float | None
    ) -> None:
        self.given = trial
        self.faults = faults
        self.workers = workers
        self.progress = progress
        self.began_wall_s = time.monotonic()
        self.deadline_wall_s = None if budget_wall_s is None else self.began_wall_s + budget_wall_s
        self.course: Course | None = None
        self.singles: dict[str, Tried] = {}
        self.pairs: dict[str, Tried] = {}
        self.total = 0
        self.unfinished = ""

    def run(self, folder: Any, resume: str | os.PathLike[str] | None) -> Outcome:
        interrupted = False
        written: list[Written] = []
        with interruptible(), virtual_ambient(self.given.factories), watchdog():
            try:
                course = self.course = Course(self.given)
                fair = self._fair_weather_findings(course)
                if fair:
                    written = self._report(course, fair, folder)
                else:
                    course.look()
                    with _Store(resume, self._header(course)) as store:
                        self._try_all(course, store)
                    written = self._report(course, self._bugs(), folder)
            except KeyboardInterrupt:
                interrupted = True
                if self.course is not None and not written:
                    written = self._report(self.course, self._bugs(), folder, shrinking=False)
        session = self.course.session if self.course is not None else None
        outcome = outcome_of(
            self.given,
            session,
            written,
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

    def _try_all(self, course: Course, store: "_Store") -> None:
        self.total = len(course.points)
        self._try(course, "attempt", [point.name for point in course.points], store, self.singles)
        if self.faults == 2 and not self.unfinished:
            firsts = [name for name, tried in self.singles.items() if tried.struck]
            self.total += len(firsts)
            self._try(course, "attempt_pairs", firsts, store, self.pairs)

    def _try(self, course: Course, what: str, names: Sequence[str], store: "_Store", into: dict[str, Tried]) -> None:
        """Try those of `names` that the store does not know yet, and put all into `into` in their order."""
        known = store.known[what]
        missing = [name for name in names if name not in known]
        chunks = [missing[start : start + CHUNK] for start in range(0, len(missing), CHUNK)]
        firsts = self.singles
        try:
            for chunk in self._results(course, what, chunks, firsts):
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

    def _tell(self, before: int, known: dict[str, Tried]) -> None:
        if self.progress is not None:
            found = {bug[:2] for tried in (*self.singles.values(), *known.values()) for bug in tried.found}
            self.progress(before + len(known), self.total, len(found))

    def _results(
        self, course: Course, what: str, chunks: Sequence[Sequence[str]], firsts: dict[str, Tried]
    ) -> Iterator[list[Tried]]:
        """What came of each chunk, in order."""
        if self.workers == 1 or len(chunks) < 2:
            for chunk in chunks:
                yield _work(course, what, chunk, firsts)
            return
        done = 0
        for attempt in range(POOLS_MAX):
            left = chunks[done:]
            with _pool(self.workers, self.given) as pool:
                futures: list[Future[list[Tried]]] = [
                    pool.submit(_work_here, what, chunk, {name: firsts[name] for name in chunk if name in firsts})
                    for chunk in left
                ]
                try:
                    for future in futures:
                        yield future.result()
                        done += 1
                    return
                except BrokenProcessPool as broken:
                    if attempt == POOLS_MAX - 1:
                        raise SeatrialError(
                            f"processes of this sweep were killed {POOLS_MAX} times. Too little memory is the usual "
                            "cause: try fewer --jobs"
                        ) from broken
                finally:
                    for future in futures:
                        future.cancel()

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

    def _report(
        self, course: Course, findings: Sequence[Finding], folder: Any, *, shrinking: bool = True
    ) -> list[Written]:
        hint = replay_hint(self.given, OVERRIDES.nodeid)
        written = []
        for finding in findings[:SHRUNK_MAX]:
            if shrinking:
                shrunk = Shrinker(course.session, finding, finding.found[0]).shrink()
            else:
                workload, weather = finding.workload, finding.weather
                shrunk = Shrunk(workload=workload, weather=weather, found=finding.found[0], runs=0)
            written.append(write_down(course.session, shrunk, folder, hint))
        if len(findings) > SHRUNK_MAX:
            others = ", ".join(dict.fromkeys(finding.found[0].name for finding in findings[SHRUNK_MAX:]))
            course.session.tally.warnings[
                f"{len(findings) - SHRUNK_MAX} more bugs were found and not shrunk: {others}"
            ] = None
        return written

    # ------------------------------------------------------------------------------------------------------ the scope

    def _header(self, course: Course) -> dict[str, Any]:
        """What a resume file must be of."""
        return {
            "seatrial_sweep": 1,
            "trial": course.session.trial.describe(),
            "code_digest": code_digest(course.session.trial),
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


# ---------------------------------------------------------------------------------------------------------- processes


_HERE: list[Course] = []
"""The course of a worker process."""


def _pool(workers: int, trial: Trial) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin_here, initargs=(trial.describe(), list(sys.path))
    )


def _begin_here(description: dict[str, Any], paths: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the process that collects
    sys.path[:] = paths
    trial = trial_from_description(description)
    contexts = ExitStack()
    contexts.enter_context(redirect_stdout(sys.stderr))
    contexts.enter_context(virtual_ambient(trial.factories))
    contexts.enter_context(watchdog())
    course = Course(trial)
    course.look()
    _HERE.append(course)


def _work_here(what: str, names: Sequence[str], firsts: dict[str, Tried]) -> list[Tried]:
    return _work(_HERE[0], what, names, firsts)


def _work(course: Course, what: str, names: Sequence[str], firsts: dict[str, Tried]) -> list[Tried]:
    if what == "attempt_pairs":
        return [course.attempt_pairs(firsts[name]) for name in names]
    points: dict[str, Point] = {point.name: point for point in course.points}
    return [course.attempt(points[name]) for name in names]


# ----------------------------------------------------------------------------------------------------- the resume file


class _Store:
    """Results as JSON lines: a header, then one line a point. Without a path it keeps nothing.

    Raises:
        UsageError: the file is of another sweep, is none, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str] | None, header: dict[str, Any]) -> None:
        self.known: dict[str, dict[str, Tried]] = {"attempt": {}, "attempt_pairs": {}}
        self._file: Any = None
        if path is None:
            return
        place = Path(path)
        try:
            text = place.read_bytes() if place.exists() else b""
            # A last line without an end was being written when that sweep was killed.
            lines = text.splitlines(keepends=True)
            whole = [line for line in lines if line.endswith(b"\n")]
            if whole:
                self._read(place, whole, header)
            self._file = place.open("wb")
            self._file.writelines(whole or [_line(header)])
            self._file.flush()
        except OSError as error:
            raise UsageError(
                f"{os.fspath(path)!r} cannot be written: {error.strerror or error}. Give another file with --resume"
            ) from error

    def _read(self, place: Path, lines: Sequence[bytes], header: dict[str, Any]) -> None:
        try:
            documents = [json.loads(line) for line in lines]
            given = documents[0]["seatrial_sweep"], documents[0]["trial"]
            for document in documents[1:]:
                tally = Tally(**document["tried"].pop("tally"))
                tried = Tried(**document["tried"], tally=tally)
                tried.found = [(name, key, weather) for name, key, weather in tried.found]
                self.known[document["what"]][tried.name] = tried
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{str(place)!r} is no file of a sweep: {error}. Give another one with --resume, or delete it"
            ) from error
        if documents[0] != json.loads(_line(header)):
            what = "trial" if given[1] != json.loads(_line(header))["trial"] else "version of the controller"
            raise UsageError(f"{str(place)!r} is of another {what}. Give another file with --resume, or delete it")

    def keep(self, what: str, tried: Tried) -> None:
        if self._file is not None:
            self._file.write(_line({"what": what, "tried": asdict(tried)}))
            self._file.flush()

    def __enter__(self) -> "_Store":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode() + b"\n"
