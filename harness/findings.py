"""From a shrunk schedule to what a user gets: confirmed by fresh runs, written to a folder, told in sentences."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import registry
from harness.determinism import assert_same_trace
from harness.errors import NonDeterminismError
from harness.example import Example
from harness.flaky import confirmed
from harness.fresh import assert_same_in_fresh_process
from harness.judge import Found
from harness.outcome import Violation
from harness.report_folder import write_report
from harness.schedule import Schedule, code_digest, versions
from harness.session import Session
from harness.shrink import Shrunk
from harness.trace import Trace
from harness.trial import Trial

CONFIRMATIONS = 2
"""Fresh runs of every failing schedule before it is reported; all must give the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A violation and where its report is."""

    violation: Violation
    trace: Trace
    reproduced: str = ""
    """Of a process: in "k of n" runs."""


def write_down_flaky(
    session: Session, shrunk: Shrunk, folder: Any, replay_hint: str, *, hurried: bool = False
) -> Written | None:
    """The same for a process, run a few times: None if it did not fail again. Raises UsageError (folder)."""
    example, reproduced = confirmed(session, shrunk, hurried=hurried)
    return None if example is None else _written(session, shrunk, example, folder, replay_hint, reproduced=reproduced)


def write_down(session: Session, shrunk: Shrunk, folder: Any, replay_hint: str) -> Written:
    """Confirm, write the report folder, and describe. Raises NonDeterminismError, UsageError (folder)."""
    example = _confirmed(session, shrunk)
    problem = assert_same_in_fresh_process(session, shrunk.workload, shrunk.weather, 0, example.world.trace)
    if problem is not None:
        session.tally.warnings[f"determinism across processes was not checked: {problem}"] = None
    return _written(session, shrunk, example, folder, replay_hint)


def _written(
    session: Session, shrunk: Shrunk, example: Example, folder: Any, replay_hint: str, *, reproduced: str = ""
) -> Written:
    found = next(f for f in example.violations if (f.name, f.key) == (shrunk.found.name, shrunk.found.key))
    trace = example.world.trace
    expected = {"reproduced": reproduced} if reproduced else {"trace_sha256": trace.sha256()}
    schedule = Schedule(
        trial=session.trial.describe(),
        workload=shrunk.workload,
        weather=shrunk.weather,
        expect={"property": found.name, **expected},
        versions=versions(),
        code_digest=code_digest(session.trial),
    )
    if reproduced:
        trace.add(trace.events[-1].time_s, "note", data={"reproduced": reproduced})
    legal, obliged = _labels(shrunk)
    trace.header = {
        "target": session.trial.name,
        "profile": session.trial.profile,
        "seed": session.trial.seed,
        "property": found.name,
        "versions": versions(),
        "source": found.property.source,
        "legal": legal,
        "obliged": obliged,
        "under_test": [program.name for program in session.plan.programs if program.under_test],
        "replay": f"{replay_hint} schedule.json",
    }
    document = schedule.to_json()
    search = {"examples": session.tally.examples, "faults_fired": dict(sorted(session.tally.fired.items()))}
    place = write_report(folder, session.trial.name, document, trace, search=search)
    path = place / "schedule.json"
    violation = Violation(
        property=found.name,
        kind=found.kind,
        legal=legal,
        obliged=obliged,
        actions=schedule.size,
        faults=len(shrunk.weather),
        workload=len(shrunk.workload),
        schedule=document,
        schedule_path=str(path),
        trace_path=str(place / "trace.jsonl"),
        report_path=_report_path(place),
        replay=f"{replay_hint} {shlex.quote(str(path))}",
        trace_sha256=trace.sha256(),
        reason=found.judgement.reason + (f" (reproduced {reproduced})" if reproduced else ""),
        narrative=narrative_of(trace, found),
    )
    return Written(violation=violation, trace=trace, reproduced=reproduced)


def replay_hint(trial: Trial, nodeid: str | None) -> str:
    """The command to paste, without the file. `nodeid`: of the test that builds the trial, if one does."""
    if trial.portable or nodeid is None:
        return "seatrial replay"
    return f"pytest {shlex.quote(nodeid)} --seatrial-replay"


def narrative_of(trace: Trace, found: Found) -> str:
    """The story in plain sentences, by the first report format that tells one."""
    for report in registry.reports():
        tell = getattr(report, "narrative", None)
        if tell is not None:
            return str(tell(trace, claim=found.name))
    return found.judgement.reason


def _confirmed(session: Session, shrunk: Shrunk) -> Example:
    example = session.run(shrunk.workload, shrunk.weather, kept=True)
    for _ in range(CONFIRMATIONS):
        again = session.run(shrunk.workload, shrunk.weather, kept=True)
        assert_same_trace(example.world.trace, again.world.trace)
    if not any((f.name, f.key) == (shrunk.found.name, shrunk.found.key) for f in example.violations):
        raise NonDeterminismError(
            f"the schedule that violated {shrunk.found.name} does not do so when it is run again. The usual cause is "
            "state that the controller keeps between runs in module globals. See docs/determinism.md."
        )
    return example


def _labels(shrunk: Shrunk) -> tuple[bool, bool]:
    faults = {fault.name: fault for fault in registry.faults()}
    struck = [faults[action["do"]] for action in shrunk.weather]
    return all(fault.legal for fault in struck), all(fault.obliged for fault in struck)


def _report_path(place: Path) -> str:
    for name in ("report.html", "report.md"):
        if (place / name).exists():
            return str(place / name)
    return str(place)
