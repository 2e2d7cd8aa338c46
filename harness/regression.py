"""`check_regression`: one schedule for ever, and what is near it, so that it does not become vacuous.

A schedule is anchored to messages. A fix may rename one of them or leave it out; then nothing strikes any more, and a
plain replay would pass whatever the code does. So after the replay a few dozen schedules of its neighbourhood are run
(`neighbourhood.py`), and the verdict is only "holds" if weather struck in enough of them.
"""

import os
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.ambient import virtual_ambient
from harness.conclusion import raised
from harness.errors import UsageError
from harness.example import Example
from harness.findings import replay_hint, write_down
from harness.garbage import collected_between_worlds, put_aside
from harness.judge import Found
from harness.neighbourhood import Neighbourhood
from harness.outcome import Outcome, PropertyVerdict, Violation
from harness.overrides import OVERRIDES
from harness.replay import replay
from harness.report_folder import assert_writable
from harness.schedule import Schedule, from_json, load, versions
from harness.session import Finding, Session
from harness.shrink import shrink_all
from harness.trial import Trial, trial_from_description
from harness.trial_description import opaque_parts
from harness.watchdog import interruptible, watchdog

DEFAULT_EXAMPLES = 50
"""Issue: "then tries 50 examples from the same neighbourhood"."""
DEFAULT_REPORT_DIR = "seatrial-reports"

STRUCK_LEAST_RATIO = 0.2
"""Of the examples: if weather struck in fewer, the neighbourhood is not one of this code any more (arbitrary)."""


def check_regression(
    schedule: str | os.PathLike[str] | dict[str, Any] | Schedule,
    trial: Trial | None = None,
    *,
    examples: int = DEFAULT_EXAMPLES,
    report_dir: Any = None,
    raise_on_failure: bool = True,
) -> Outcome:
    """Replay a schedule semantically, then run `examples` of its neighbourhood. Judged is what the schedule expects.

    Args:
        schedule: a schedule.json (a relative path is one from the current directory), or what is in it.
        trial: in place of the one that the schedule describes: for one that no file can hold.
        report_dir: where a failing neighbour's folder is written; default "seatrial-reports".
        raise_on_failure: raise for verdicts other than holds, as a test wants it; else everything is in the outcome.

    Raises:
        TrialFailed: the bug is back. Its text is the narrative and ends with the replay command.
        TrialInconclusive: nobody can tell: hardly any weather struck, or the property was never judged.
        UsageError: the file, the trial in it, or an argument cannot be used.
    """
    if OVERRIDES.replay is not None:
        return replay(OVERRIDES.replay, trial=trial, raise_on_failure=raise_on_failure)
    if isinstance(examples, bool) or not isinstance(examples, int) or examples < 1:
        raise UsageError(f"examples={examples!r} looks at no neighbour: give a whole number from 1")
    path: Path | None = None
    if isinstance(schedule, Schedule):
        recorded = schedule
    elif isinstance(schedule, dict):
        recorded = from_json(schedule)
    else:
        path = Path(schedule)
        recorded = load(path)
    trial = trial or _trial_of(recorded)
    folder = OVERRIDES.report_dir or report_dir or DEFAULT_REPORT_DIR
    assert_writable(folder)
    began_wall_s = time.monotonic()
    expected = _expected(recorded)
    # Without a hash: code and versions are expected to change.
    semantic = replace(recorded, expect={"property": expected} if expected is not None else None)
    outcome = replay(semantic, trial, raise_on_failure=False)
    if outcome.violations:
        if path is not None:
            _locate(outcome.violations, path, replay_hint(trial, OVERRIDES.nodeid))
    else:
        never_came = [warning for warning in outcome.warnings if warning.startswith("never came: ")]
        outcome = _Regression(recorded, trial, OVERRIDES.examples or examples).run(folder, never_came)
    outcome.wall_s = time.monotonic() - began_wall_s
    return raised(outcome, raise_on_failure)


def _trial_of(recorded: Schedule) -> Trial:
    opaque = opaque_parts(recorded.trial)
    if opaque:
        raise UsageError(
            f"the schedule's trial holds code that no file can hold ({', '.join(opaque)}): "
            "pass the trial of the test that found it, as check_regression(schedule, trial=Trial(...))"
        )
    if os.getcwd() not in sys.path:
        # Where `seatrial check` found the controllers: last, so that nothing installed is hidden.
        sys.path.append(os.getcwd())
    return trial_from_description(recorded.trial)


def _expected(recorded: Schedule) -> str | None:
    return recorded.expect["property"] if recorded.expect else None


def _locate(violations: Sequence[Violation], path: Path, hint: str) -> None:
    """Where the recorded schedule and its report are, for a person who reads the failure."""
    reports = [path.with_name(name) for name in ("report.html", "report.md")]
    for violation in violations:
        violation.schedule_path = str(path)
        violation.report_path = str(next((report for report in reports if report.exists()), path.parent))
        violation.replay = f"{hint} {shlex.quote(str(path))}"


class _Regression:
    """One call of `check_regression`, after the replay."""

    def __init__(self, recorded: Schedule, trial: Trial, examples: int) -> None:
        self.recorded = recorded
        self.expected = _expected(recorded)
        self.given = trial
        self.examples = examples
        self.struck = 0
        """Examples in which some weather struck."""
        self.fair_weather = False
        """It is violated without any weather."""

    def run(self, folder: Any, warnings: Sequence[str]) -> Outcome:
        with ExitStack() as contexts:
            contexts.enter_context(interruptible())
            contexts.enter_context(virtual_ambient(self.given.factories))
            contexts.enter_context(watchdog())
            contexts.enter_context(collected_between_worlds())
            session = Session(_judging(self.given, self.expected))
            put_aside()
            finding = self._in_fair_weather(session) or self._search(session)
            hint = replay_hint(session.trial, OVERRIDES.nodeid)
            shrunk = shrink_all(session, finding) if finding is not None else []
            violations = [write_down(session, one, folder, hint).violation for one in shrunk]
        who = "fair weather alone" if self.fair_weather else "one of its neighbours"
        for violation in violations:
            violation.narrative = f"The recorded schedule shows it no more; {who} does:\n{violation.narrative}"
        return self._outcome(session, violations, warnings)

    def _in_fair_weather(self, session: Session) -> Finding | None:
        example = session.dry_run.example
        found = self._expected_of(session, example)
        self.fair_weather = bool(found)
        return Finding(workload=list(example.workload), weather=[], found=found) if found else None

    def _search(self, session: Session) -> Finding | None:
        neighbourhood = Neighbourhood(session, self.recorded)
        for number in range(self.examples):
            example = neighbourhood.run(number)
            session.tally.add(example)
            self.struck += bool(example.weather)
            found = self._expected_of(session, example)
            if found:
                weather = [*example.late, *example.weather]
                return Finding(workload=list(example.workload), weather=weather, found=found)
        return None

    def _expected_of(self, session: Session, example: Example) -> list[Found]:
        return [found for found in session.unaccepted(example.violations) if self.expected in (None, found.name)]

    def _outcome(self, session: Session, violations: list[Violation], warnings: Sequence[str]) -> Outcome:
        tally, given = session.tally, self.given
        properties = self._verdicts(session, violations)
        doubts = []
        if self.recorded.weather and self.struck < STRUCK_LEAST_RATIO * tally.examples:
            doubts.append(
                f"weather of this schedule's kinds struck in only {self.struck} of {tally.examples} examples: the code "
                "has moved away from it. Search again with `seatrial check`, and keep what that finds instead of this"
            )
        if tally.restless:
            doubts.append(f"still changing at the bound, without a cycle: {tally.restless} example(s)")
        unsure = doubts or any(verdict.verdict == "unknown" for verdict in properties)
        return Outcome(
            verdict="violated" if violations else "unknown" if unsure else "holds",
            properties=properties,
            warnings=[*warnings, *tally.warnings, *([] if violations else doubts)],
            faults_fired=dict(sorted(tally.fired.items())),
            examples=tally.examples,
            violations=violations,
            fair_weather=self.fair_weather,
            virtual_s=tally.virtual_s,
            target=given.name,
            profile=given.profile,
            seed=given.seed,
            versions=versions(),
            scope=[f"weather struck in {self.struck} of {tally.examples} examples of the neighbourhood"],
        )

    def _verdicts(self, session: Session, violations: Sequence[Violation]) -> list[PropertyVerdict]:
        violated = {violation.property: violation.reason for violation in violations}
        tally = session.tally
        applicable = [claim.name for claim in session.plan.properties]
        verdicts = []
        for name in [self.expected] if self.expected is not None else applicable:
            if name in violated:
                verdicts.append(PropertyVerdict(name=name, verdict="violated", reason=violated[name]))
            elif tally.judged.get(name):
                verdicts.append(PropertyVerdict(name=name, verdict="holds"))
            else:
                why = tally.unknown.get(name, "never judged") if name in applicable else "it does not apply any more"
                verdicts.append(PropertyVerdict(name=name, verdict="unknown", reason=why))
        return verdicts


def _judging(trial: Trial, expected: str | None) -> Trial:
    """The trial with this claim alone, so that no other ends an example before it is judged.

    What follows rest (resync, relist, restart) only comes where `idempotent` is asked, and a claim may be broken there.
    """
    if expected is None:
        return trial
    asked = {claim.name: claim for claim in trial.property_objects if claim.name in (expected, "idempotent")}
    return trial.replaced(properties=(asked.pop(expected, expected), *asked.values()))
