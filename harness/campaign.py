"""`campaign`: a seeded search over many processes, or machines, that goes on after the first find.

`check` is for a test: it ends at the first failure. A campaign runs for as long as it is given and keeps what it finds
apart. Examples are numbered, and what an example does follows from its number and from what the *rounds* before its own
found; rounds and the batches within are of sizes that depend on nothing but numbers. So the same seed finds the same
failures with one worker or twenty, with processes or with Dask, and whichever worker is killed. (A budget in seconds
is the exception: how far it goes depends on the machine.)
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

from harness.ambient import virtual_ambient
from harness.bugs import Bug, Failure, Identity, Sort, confirmed, examine
from harness.conclusion import outcome_of, raised
from harness.dask_workers import DaskCluster, load_dask
from harness.decider import Decider, schedule_of
from harness.determinism import assert_same_trace
from harness.errors import AdapterError, NonDeterminismError, SeatrialError, UsageError
from harness.findings import Written, replay_hint, write_down
from harness.garbage import collected_between_worlds, put_aside
from harness.guidance import Aim, Guide, place_of
from harness.judge import Found
from harness.outcome import Outcome
from harness.overrides import OVERRIDES, overridden
from harness.replay import replay
from harness.report_folder import assert_writable
from harness.session import Finding, Session, Tally
from harness.shrink import Shrinker, Shrunk
from harness.trial import Known, Trial
from harness.watchdog import interruptible, watchdog
from harness.weather import Action
from harness.workers import Here, Processes, Workers, arguments_for, trial_at_work, unsendable_parts

DEFAULT_EXAMPLES = 1000
DEFAULT_REPORT_DIR = "seatrial-reports"

ROUND_LEAST = 32
ROUND_MOST = 512
"""A round is as long as all before it together, within these bounds: what is found early guides soon, and later workers
seldom wait for each other."""

BATCH = 4
"""Examples that a worker is given at once."""

RUN_TWICE_EVERY = 100
"""One passing example in so many is run twice, as in `check`."""

Progress = Callable[..., None]


def campaign(
    trial: Trial,
    *,
    workers: int | None = None,
    dask: str | None = None,
    examples: int | None = None,
    budget_wall_s: float | None = None,
    enough: int | None = None,
    report_dir: Any = None,
    progress: Progress | None = None,
    raise_on_failure: bool = True,
) -> Outcome:
    """Search for failures, and tell them apart by property, kind of object, causing fault and line of code.

    Args:
        workers: processes; default: one a core. 1 is this process. A trial with code that no other process can have
            (a lambda, a closure) runs in this one.
        dask: the address of a Dask scheduler, whose workers are used instead.
        examples: at most so many; default 1,000, or without a bound if there is a budget.
        budget_wall_s: real seconds to search for; shrinking what was found comes on top.
        enough: end after so many sorts of failure (property, kind and writer), with what they come to.
        progress: called with (done, total, found, fired=...) as batches come in; without a bound, total is None.

    Raises:
        TrialFailed, TrialInconclusive: as `check`.
        UsageError: the trial or an argument cannot work, nobody answers at the Dask address, or the trial cannot be
            sent to other processes, which were asked for.
    """
    if OVERRIDES.replay is not None:
        return replay(OVERRIDES.replay, trial=trial, raise_on_failure=raise_on_failure)
    for name, value in (("workers", workers), ("examples", examples), ("enough", enough)):
        if value is not None and value < 1:
            raise UsageError(f"{name}={value} does nothing: give at least 1")
    if workers is not None and dask is not None:
        raise UsageError(f"workers={workers} and dask={dask!r} exclude each other: a Dask cluster has its own workers")
    if dask is not None:
        load_dask()
    trial = overridden(trial)
    if trial.processes:
        raise UsageError("a process is tried with check: campaign needs runs that can be repeated exactly")
    folder = OVERRIDES.report_dir or report_dir or DEFAULT_REPORT_DIR
    assert_writable(folder)
    unsendable = unsendable_parts(trial)
    if unsendable and (dask is not None or (workers or 1) > 1):
        raise UsageError(
            f"this trial cannot be sent to other processes: it holds {', '.join(unsendable)}. Define that "
            "at the top of a module, or give workers=1"
        )
    if workers is None:
        workers = 1 if unsendable else os.cpu_count() or 1
    bound = OVERRIDES.examples or examples or (None if budget_wall_s is not None else DEFAULT_EXAMPLES)
    search = _Campaign(trial, folder, bound, budget_wall_s, enough, progress)
    return raised(search.run(workers, dask), raise_on_failure)


@dataclass(slots=True, kw_only=True)
class Played:
    """What came of one example, as it travels."""

    number: int
    tally: Tally
    struck: list[str]
    """Places, as `guidance.py` names them."""
    workload: list[Action]
    weather: list[Action]
    """With what the salt made late."""
    found: list[tuple[str, str]]
    """(property, key) of each violation that is not accepted."""
    accepted: list[Known]


@dataclass(slots=True)
class _Kept:
    """A bug and its report."""

    bug: Bug
    written: Written | None = None
    place: Path | None = None


@dataclass(slots=True)
class _Found:
    """What a campaign has found so far."""

    sorts: dict[tuple[str, str], Sort] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    """Not yet looked into."""
    bugs: dict[Identity, _Kept] = field(default_factory=dict)


class _Campaign:
    """One call of `campaign`."""

    def __init__(
        self,
        trial: Trial,
        folder: Any,
        examples: int | None,
        budget_wall_s: float | None,
        enough: int | None,
        progress: Progress | None,
    ) -> None:
        self.given = trial
        self.folder = folder
        self.examples = examples
        self.enough = enough
        self.progress = progress
        self.began_wall_s = time.monotonic()
        self.deadline_wall_s = None if budget_wall_s is None else self.began_wall_s + budget_wall_s
        self.session: Session | None = None
        self.tally = Tally()
        self.accepted: dict[Known, int] = {}
        self.guide: Guide | None = None
        self.found = _Found()
        self.sights: dict[tuple[str, str], None] = {}
        """(property, key) of all failures so far."""

    def run(self, workers: int, dask: str | None) -> Outcome:
        interrupted = False
        with ExitStack() as contexts:
            contexts.enter_context(interruptible())
            contexts.enter_context(virtual_ambient(self.given.factories))
            contexts.enter_context(watchdog())
            contexts.enter_context(collected_between_worlds())
            try:
                # First, since it fails at once if nobody answers.
                cluster = DaskCluster(dask, begin_campaign, arguments_for(self.given)) if dask is not None else None
                contexts.callback(lambda: cluster.close() if cluster is not None else None)
                session = self.session = Session(self.given)
                put_aside()
                if not self._fair_weather(session):
                    self._search(session, cluster or self._workers(session, workers, contexts))
            except KeyboardInterrupt:
                interrupted = True
                self._keep_what_is_left()
            except SeatrialError as error:
                self._keep_what_is_left()
                if any(kept.written for kept in self.found.bugs.values()):
                    error.args = (f"{str(error).removesuffix('.')}. What was found by then is in {self.folder}.",)
                raise
        return self._outcome(interrupted)

    def _workers(self, session: Session, workers: int, contexts: ExitStack) -> Workers:
        if workers == 1:
            return Here(Decider(session))
        processes = Processes(workers, begin_campaign, arguments_for(self.given))
        contexts.callback(processes.close)
        return processes

    def _fair_weather(self, session: Session) -> bool:
        """Does it fail without any weather? Then that is what is reported."""
        example = session.dry_run.example
        self.tally.add(example)
        self.tally.examples = 0
        failing = session.unaccepted(example.violations)
        # Now: if this process plays examples too, they begin with nothing accepted.
        self.accepted.update(session.accepted)
        workload = list(example.workload)
        for found in failing:  # all are noted before one is shrunk: an interrupt may come at any time
            bug = _calm_bug(found, workload)
            self.found.bugs.setdefault(bug.identity, _Kept(bug))
        for found in failing:
            shrunk = Shrinker(session, Finding(workload=workload, weather=[], found=[found]), found).shrink()
            self._keep(_calm_bug(found, shrunk.workload))
        return bool(failing)

    # ------------------------------------------------------------------------------------------------------ searching

    def _search(self, session: Session, workers: Workers) -> None:
        if not session.faults and not session.latency:
            return
        guide = self.guide = Guide(session)
        number = 0
        while not self._is_over(number):
            size = min(ROUND_MOST, max(ROUND_LEAST, number))
            end = number + size if self.examples is None else min(number + size, self.examples)
            self._round(workers, guide, range(number, end))
            self._look_into(workers)
            number = end

    def _round(self, workers: Workers, guide: Guide, numbers: range) -> None:
        """Run these examples; what they teach guides the next round, not this one."""
        aimed = list(zip(numbers, guide.aims(numbers), strict=True))
        pieces = [(aimed[start : start + BATCH],) for start in range(0, len(aimed), BATCH)]
        lessons: list[Played] = []
        with closing(workers.results(play, pieces)) as results:
            for batch in results:
                for played in batch:
                    self._take(played)
                    lessons.append(played)
                    if self._is_enough():
                        return
                self._tell()
                if self._is_late():
                    return
        for played in lessons:
            guide.learn(played.struck)

    def _tell(self) -> None:
        if self.progress is not None:
            distinct = max(len(self.found.bugs), len(self.sights))
            fired = sum(self.tally.fired.values())
            self.progress(self.tally.examples, self.examples, distinct, fired=fired)

    def _take(self, played: Played) -> None:
        self.tally.merge(played.tally)
        for known in played.accepted:
            self.accepted[known] = self.accepted.get(known, 0) + 1
        for claim, key in played.found:
            self.sights[(claim, key)] = None
            self.found.failures.append(
                Failure(number=played.number, claim=claim, key=key, workload=played.workload, weather=played.weather)
            )

    def _is_over(self, number: int) -> bool:
        return self._is_enough() or self._is_late() or (self.examples is not None and number >= self.examples)

    def _is_enough(self) -> bool:
        return self.enough is not None and len(self.sights) >= self.enough

    def _is_late(self) -> bool:
        return self.deadline_wall_s is not None and time.monotonic() > self.deadline_wall_s

    # -------------------------------------------------------------------------------------------------------- the bugs

    def _look_into(self, workers: Workers) -> None:
        """Have the failures of this round told apart, and write down what is new.

        Of an interrupted search results come as they are there, so each says of what it is.
        """
        waiting: dict[tuple[str, str], list[Failure]] = {}
        for failure in self.found.failures:
            waiting.setdefault((failure.claim, failure.key), []).append(failure)
        pieces = [(self.found.sorts.get(sort, Sort()), failures) for sort, failures in waiting.items()]
        with closing(workers.results(look_into, pieces)) as results:
            for sort, examined in results:
                self.found.sorts[sort] = examined
                self.found.failures = [one for one in self.found.failures if (one.claim, one.key) != sort]
                for bug in examined.bugs:
                    self._keep(bug)

    def _keep(self, bug: Bug) -> None:
        """Write the bug's report, unless it has one that is no larger."""
        kept = self.found.bugs.get(bug.identity)
        if kept is None:
            kept = self.found.bugs[bug.identity] = _Kept(bug)
        elif kept.bug.key != bug.key:  # two keys, one bug
            if bug.size >= kept.bug.size:
                return
            kept.bug = bug
        else:
            kept.bug = bug
        self._write(kept)

    def _write(self, kept: _Kept) -> None:
        assert self.session is not None
        bug, old = kept.bug, kept.place
        document = (bug.workload, bug.weather)
        if kept.written is not None:
            schedule = kept.written.violation.schedule
            if (schedule["workload"], schedule["weather"]) == document:
                return
        failure = Failure(
            number=bug.first, claim=bug.identity.claim, key=bug.key, workload=bug.workload, weather=bug.weather
        )
        self.session.tally = self.tally  # for its warnings
        found = confirmed(self.session, failure)
        shrunk = Shrunk(workload=bug.workload, weather=bug.weather, found=found, runs=0)
        kept.written = write_down(self.session, shrunk, self.folder, replay_hint(self.given, OVERRIDES.nodeid))
        kept.place = Path(kept.written.violation.schedule_path).parent
        if old is not None and old not in [other.place for other in self.found.bugs.values()]:
            rmtree(old, ignore_errors=True)  # the same bug, told at greater length

    def _keep_what_is_left(self) -> None:
        """It ends early: every bug that is known has a report, and of each sort of failure that nobody has looked into,
        the first is kept as it was found."""
        if self.session is None:
            return
        for bug in [bug for sort in self.found.sorts.values() for bug in sort.bugs]:
            with self._noting_what_fails():
                self._keep(bug)
        for kept in list(self.found.bugs.values()):
            with self._noting_what_fails():
                self._write(kept)
        for failure in self.found.failures:
            sort = (failure.claim, failure.key)
            if sort in self.found.sorts:
                continue
            with self._noting_what_fails():
                found = confirmed(self.session, failure)
                self.found.sorts[sort] = Sort()  # only now: another of its sort may show when this one does not
                kinds = dict.fromkeys(action["do"] for action in failure.weather)
                identity = Identity(claim=failure.claim, kind=found.kind, fault="+".join(sorted(kinds)), site="")
                self._keep(
                    Bug(
                        identity=identity,
                        key=failure.key,
                        workload=failure.workload,
                        weather=failure.weather,
                        culprits=[],
                        first=failure.number,
                    )
                )

    @contextmanager
    def _noting_what_fails(self) -> Iterator[None]:
        """One that does not show again, or whose controller hangs, is no reason to lose the others."""
        try:
            yield
        except (NonDeterminismError, AdapterError) as error:
            self.tally.warnings[str(error)] = None

    def _outcome(self, interrupted: bool) -> Outcome:
        if self.session is not None:
            self.session.tally = self.tally
            # Without what this process saw in examples that nobody took.
            self.session.accepted.clear()
            self.session.accepted.update(self.accepted)
        order = {claim.name: index for index, claim in enumerate(self.session.plan.properties)} if self.session else {}
        kept = [one for one in self.found.bugs.values() if one.written is not None]
        kept.sort(
            key=lambda one: (order.get(one.bug.identity.claim, len(order)), one.bug.first, _text(one.bug.identity))
        )
        for one in kept:
            assert one.written is not None
            violation, bug = one.written.violation, one.bug
            violation.fault, violation.call_site = bug.identity.fault, bug.identity.site
            violation.met, violation.first_example = self._met(bug.identity), self._first(bug.identity) + 1
        outcome = outcome_of(
            self.given,
            self.session,
            [one.written for one in kept if one.written is not None],
            wall_s=time.monotonic() - self.began_wall_s,
            fair_weather=any(one.bug.first < 0 for one in kept),
            interrupted=interrupted,
        )
        if self.guide is not None:
            struck = self.guide.places - self.guide.never_struck
            outcome.scope = [
                f"campaign: weather struck at {struck} of the {self.guide.places} places that fair weather showed"
            ]
        return outcome

    def _sightings(self, identity: Identity) -> list[Bug]:
        """The bug under each of the keys that it was met with."""
        found = [bug for sort in self.found.sorts.values() for bug in sort.bugs if bug.identity == identity]
        return found or [self.found.bugs[identity].bug]

    def _met(self, identity: Identity) -> int:
        return sum(bug.met for bug in self._sightings(identity))

    def _first(self, identity: Identity) -> int:
        return min(bug.first for bug in self._sightings(identity))


def _calm_bug(found: Found, workload: list[Action]) -> Bug:
    """One that takes no weather."""
    identity = Identity(claim=found.name, kind=found.kind, fault="", site="")
    return Bug(identity=identity, key=found.key, workload=workload, weather=[], culprits=[], first=-1)


def _text(identity: Identity) -> tuple[str, ...]:
    return identity.claim, identity.kind, identity.fault, identity.site


# ------------------------------------------------------------------------------------------------------ in the workers


@contextmanager
def begin_campaign(description: dict[str, Any], paths: Sequence[str], digest: str) -> Iterator[Decider]:
    """What a worker of a campaign begins with."""
    with trial_at_work(description, paths, digest) as trial, collected_between_worlds():
        decider = Decider(Session(trial))
        put_aside()
        yield decider


def play(decider: Decider, batch: Sequence[tuple[int, Aim | None]]) -> list[Played]:
    """Run the examples of these numbers, with these aims."""
    return [_play(decider, number, aim) for number, aim in batch]


def _play(decider: Decider, number: int, aim: Aim | None) -> Played:
    session = decider.session
    session.tally = Tally()
    session.accepted.clear()
    example = decider.run(number, aim)
    workload, weather = schedule_of(example)
    if number % RUN_TWICE_EVERY == 0 and not example.violations:
        again = [session.run(workload, weather, watch_for_mutation=True) for _ in range(2)]
        assert_same_trace(again[0].world.trace, again[1].world.trace)
    return Played(
        number=number,
        tally=session.tally,
        struck=[place_of(action) for action in example.weather],
        workload=workload,
        weather=weather,
        found=[(found.name, found.key) for found in session.unaccepted(example.violations)],
        accepted=list(session.accepted),
    )


def look_into(decider: Decider, sort: Sort, failures: Sequence[Failure]) -> tuple[tuple[str, str], Sort]:
    """Tell apart failures of one property and key. Returns these two, and what is known of them now."""
    return (failures[0].claim, failures[0].key), examine(decider.session, sort, failures)
