"""`check`: try a trial's controllers in many weathers, shrink what breaks them, and say what was found.

Order of things: the manifests alone in fair weather (a controller that fails there needs no weather), then examples of
the state machine until one fails or the budget is spent, then the shrinker, then two fresh runs of the shrunk schedule
that must give the same bytes. Wall time is read here because a user's budget is in it; nothing simulated depends on it.
"""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from harness.ambient import virtual_ambient
from harness.conclusion import outcome_of, raised
from harness.determinism import assert_same_trace
from harness.draws import BACKEND
from harness.errors import UsageError
from harness.example import Example
from harness.findings import Written, replay_hint, write_down
from harness.fresh import assert_same_in_fresh_process
from harness.garbage import collected_between_worlds, put_aside
from harness.latency import mix
from harness.machine import BUDGETS, CALM_IN, ControlPlaneMachine
from harness.outcome import Outcome
from harness.overrides import OVERRIDES, overridden
from harness.process_search import ProcessSearch
from harness.report_folder import assert_writable
from harness.session import Finding, Session
from harness.shrink import Shrunk, shrink_all
from harness.trial import Trial
from harness.watchdog import interruptible, watchdog

DEFAULT_EXAMPLES = 200
DEFAULT_REPORT_DIR = "seatrial-reports"
RUN_TWICE_EVERY = 100
"""One passing example in so many is run twice, to catch what is not deterministic (issue: "one in a hundred")."""


Progress = Callable[..., None]


class _Ended(BaseException):
    """The search is over: something is found, or the budget is spent. Ends the state machine's run from within."""


def check(
    trial: Trial,
    *,
    examples: int = DEFAULT_EXAMPLES,
    report_dir: Any = None,
    progress: Progress | None = None,
    budget_wall_s: float | None = None,
    jobs: int = 1,
    fresh: bool = False,
    raise_on_failure: bool = True,
) -> Outcome:
    """Search for a failing example, at most `examples` of them.

    Args:
        report_dir: where a failure's folder is written; default "seatrial-reports".
        progress: called with (done, total, found) after each example.
        budget_wall_s: real seconds to search for; the shrinker comes on top.
        jobs: of a trial of processes: so many examples are run at once. What is found does not depend on it.
        fresh: of a trial of processes: each example starts its own, and none is kept for the next.
        raise_on_failure: raise for verdicts other than holds, as a test wants it; else everything is in the outcome.

    Raises:
        TrialFailed: a property is violated. Its text is the narrative and ends with the replay command.
        TrialInconclusive: nobody can tell: nothing fired, or something was never judged.
        UsageError: the trial cannot be run. NonDeterminismError, LoopBlocked: it cannot be trusted.
    """
    if OVERRIDES.replay is not None:
        from harness.replay import replay

        return replay(OVERRIDES.replay, trial=trial, raise_on_failure=raise_on_failure)
    if examples < 1:
        raise UsageError(f"examples={examples} checks nothing: give at least 1")
    trial = overridden(trial)
    _check_jobs(jobs, trial, fresh=fresh)
    examples = OVERRIDES.examples or examples
    folder = OVERRIDES.report_dir or report_dir or DEFAULT_REPORT_DIR
    assert_writable(folder)
    search = _Search(trial, examples, progress, budget_wall_s, jobs=jobs, fresh=fresh)
    outcome = search.run(folder)
    return raised(outcome, raise_on_failure)


def _check_jobs(jobs: int, trial: Trial, *, fresh: bool) -> None:
    if jobs < 1:
        raise UsageError(f"jobs={jobs} runs nothing: give at least 1")
    if jobs > 1 and not trial.processes:
        raise UsageError(
            f"jobs={jobs}: several examples at once are for trials of processes, which wait. `campaign` searches with "
            "many workers"
        )
    if fresh and not trial.processes:
        raise UsageError("fresh=True is about processes: what runs in virtual time is made anew for each example")


class _OneRule(ControlPlaneMachine):
    """The same machine, with one rule for all kinds of weather, and its own swarm.

    A rule for each of forty kinds costs Hypothesis twenty draws a step to find one that its swarm has left switched on,
    and each draw some 50 µs: that was half the time of a small trial.
    """

    begin: Any = None
    users_act: Any = None

    @initialize(
        workload=st.integers(0, 1 << 16),
        salt=st.integers(0, 1 << 16),
        calm=st.integers(0, CALM_IN - 1),
        budget=st.integers(0, len(BUDGETS) - 1),
        first=st.integers(0, 1 << 16),
        swarm=st.integers(0, 1 << 16),
    )
    def begin_with_swarm(self, swarm: int, **drawn: int) -> None:
        """As `begin`. As in Hypothesis, an example leaves out a share of the kinds that is its own."""
        ControlPlaneMachine.begin(self, **drawn)
        left_out = mix(swarm) % 256
        self._swarm = [
            fault for number, fault in enumerate(self._session.faults, start=1) if mix(swarm, number) % 256 >= left_out
        ]

    @rule(bits=st.integers(0, (1 << 64) - 1))
    def goes_on(self, bits: int) -> None:
        """Users act, or some weather is on its way."""
        chosen = (bits >> 41) % (len(self._swarm) + 1)
        window = bits % 32
        if chosen == len(self._swarm):
            ControlPlaneMachine.users_act(self, window=window)
        else:
            self._strike(
                self._swarm[chosen], (bits >> 5) % (1 << 12), (bits >> 17) % 16, (bits >> 21) % (1 << 20), window
            )


class _Search:
    """One call of `check`."""

    def __init__(
        self,
        trial: Trial,
        examples: int,
        progress: Progress | None,
        budget_wall_s: float | None,
        *,
        jobs: int,
        fresh: bool,
    ) -> None:
        self.given = trial
        self.jobs = jobs
        self.fresh = fresh
        self.examples = examples
        self.progress = progress
        self.deadline_wall_s = None if budget_wall_s is None else time.monotonic() + budget_wall_s
        self.began_wall_s = time.monotonic()
        self.session: Session | None = None
        self.interrupted = False
        self.fair_weather = False
        self.of_processes: ProcessSearch | None = None

    def run(self, folder: Any) -> Outcome:
        written: list[Written] = []
        finding: Finding | None = None
        with interruptible(), virtual_ambient(self.given.factories), watchdog(), collected_between_worlds():
            try:
                session = self.session = Session(self.given, fresh=self.fresh)
                put_aside()
                if session.trial.processes:
                    self.of_processes = self._search_of_processes(session)
                finding = self._fair_weather_finding(session) or self._search(session)
                if finding is not None:
                    written = self._conclude(session, finding, folder)
            except KeyboardInterrupt:
                self.interrupted = True
                if self.session is not None and not written:
                    finding = finding or next(iter(self.session.findings), None)
                    written = self._unshrunk(self.session, finding, folder) if finding is not None else []
            finally:
                if self.session is not None:
                    self.session.close()
        outcome = outcome_of(
            self.given,
            self.session,
            written,
            wall_s=time.monotonic() - self.began_wall_s,
            fair_weather=self.fair_weather,
            interrupted=self.interrupted,
            unfinished=self.of_processes.unfinished if self.of_processes is not None else "",
        )
        if self.of_processes is not None:
            outcome.scope = self.of_processes.scope
        return outcome

    # -------------------------------------------------------------------------------------------------- searching

    def _fair_weather_finding(self, session: Session) -> Finding | None:
        example = session.dry_run.example
        session.tally.add(example)
        session.tally.examples = 0
        found = session.unaccepted(example.violations)
        if not found:
            return None
        self.fair_weather = True
        return Finding(workload=list(example.workload), weather=[], found=found)

    def _search_of_processes(self, session: Session) -> ProcessSearch:
        return ProcessSearch(
            session,
            examples=self.examples,
            jobs=self.jobs,
            deadline_wall_s=self.deadline_wall_s,
            progress=self.progress,
        )

    def _search(self, session: Session) -> Finding | None:
        if self.of_processes is not None:
            return self.of_processes.find()
        if not session.faults and not session.latency:
            return None
        search = self

        class Searching(_OneRule):
            @contextmanager
            def _noting_failures(self) -> Iterator[None]:
                try:
                    with super()._noting_failures():
                        yield
                except Exception:
                    # Recorded in the session. Hypothesis need not run it again: whoever reads the record does that.
                    raise _Ended from None

            def teardown(self) -> None:
                super().teardown()
                with self._noting_failures():
                    search._after(self._example)

        Searching.trial, Searching.session = session.trial, session
        configuration = settings(
            max_examples=self.examples,
            stateful_step_count=session.trial.max_steps,
            backend=BACKEND,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            print_blob=False,
            derandomize=False,
            report_multiple_bugs=False,
        )
        factory: Any = hypothesis.seed(session.trial.seed)(Searching)
        try:
            with redirect_stdout(io.StringIO()):
                run_state_machine_as_test(factory, settings=configuration)
        except _Ended:
            pass
        if session.failure is not None:
            raise session.failure
        return session.findings[0] if session.findings else None

    def _after(self, example: Example | None) -> None:
        session = self.session
        assert session is not None
        done = session.tally.examples
        if self.progress is not None:
            self.progress(min(done, self.examples), self.examples, len(session.findings))
        if example is not None and done % RUN_TWICE_EVERY == 1 and not example.violations:
            recorded = (example.workload, example.weather, example.salt)
            again = [session.run(*recorded, watch_for_mutation=True) for _ in range(2)]
            assert_same_trace(again[0].world.trace, again[1].world.trace)
        if example is not None and done and done % RUN_TWICE_EVERY == 0 and not example.violations:
            recorded = (list(example.workload), list(example.weather), example.salt)
            trace = session.run(*recorded, kept=True).world.trace
            problem = assert_same_in_fresh_process(session, *recorded, trace)
            if problem is not None:
                session.tally.warnings[f"determinism across processes was not checked: {problem}"] = None
        spent = self.deadline_wall_s is not None and time.monotonic() > self.deadline_wall_s
        if spent or done >= self.examples:
            raise _Ended

    # ------------------------------------------------------------------------------------------------- concluding

    def _conclude(self, session: Session, finding: Finding, folder: Any) -> list[Written]:
        if self.of_processes is not None:
            return self.of_processes.conclude(finding, folder, replay_hint(self.given, OVERRIDES.nodeid))
        shrunk = shrink_all(session, finding)
        return [write_down(session, one, folder, replay_hint(self.given, OVERRIDES.nodeid)) for one in shrunk]

    def _unshrunk(self, session: Session, finding: Finding, folder: Any) -> list[Written]:
        """Interrupted while shrinking: what was found is kept as it is."""
        if self.of_processes is not None:
            return self.of_processes.keep(finding, folder, replay_hint(self.given, OVERRIDES.nodeid))
        shrunk = Shrunk(workload=finding.workload, weather=finding.weather, found=finding.found[0], runs=0)
        return [write_down(session, shrunk, folder, replay_hint(self.given, OVERRIDES.nodeid))]
