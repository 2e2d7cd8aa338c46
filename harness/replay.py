"""Runs a schedule again: byte for byte where it can be, semantically where code or versions have changed.

Same versions and same controller code: the trace must match `trace_sha256`, else the run is not deterministic. Anything
else (a fix, a newer Python): the hash is not compared, and actions whose anchor never came are listed. Only the
property that the schedule expects is judged; one written by hand, without `expect`, is judged by all.
"""

import os
import shlex
import time
from pathlib import Path
from typing import Any

from harness.ambient import virtual_ambient
from harness.conclusion import raised
from harness.determinism import assert_same_trace
from harness.errors import NonDeterminismError, UsageError
from harness.example import Example
from harness.findings import narrative_of
from harness.judge import Found
from harness.outcome import Outcome, PropertyVerdict, Violation
from harness.schedule import Schedule, code_digest, from_json, load, versions
from harness.session import Session
from harness.trial import Trial, trial_from_description
from harness.watchdog import interruptible, watchdog


def replay(
    schedule: str | os.PathLike[str] | dict[str, Any] | Schedule,
    trial: Trial | None = None,
    times: int = 1,
    *,
    raise_on_failure: bool = True,
) -> Outcome:
    """Run a schedule `times` times.

    Args:
        trial: in place of the one that the schedule describes (a fixed controller, or one that no file can hold).

        raise_on_failure: raise for verdicts other than holds, as a test wants it; else everything is in the outcome.

    Raises:
        TrialFailed: violated again. TrialInconclusive: it holds, but an action's anchor never came, or it was never
            judged. UsageError: the file, or the trial in it, cannot be used. NonDeterminismError: the bytes differ.
    """
    if isinstance(schedule, Schedule):
        recorded = schedule
    elif isinstance(schedule, dict):
        recorded = from_json(schedule)
    else:
        recorded = load(Path(schedule))
    if times < 1:
        raise UsageError(f"times={times} runs nothing: give at least 1")
    began_wall_s = time.monotonic()
    trial = trial or trial_from_description(recorded.trial)
    with interruptible(), virtual_ambient(trial.factories), watchdog():
        session = Session(trial, fresh=True, drawing=False)
        examples = _runs(session, recorded, times)
        for again in [] if trial.processes else examples[1:]:
            assert_same_trace(examples[0].world.trace, again.world.trace)
    exact = (
        not trial.processes
        and recorded.expect is not None
        and recorded.versions == versions()
        and recorded.code_digest == code_digest(trial)
        and recorded.trial == trial.describe()
    )
    if exact:
        _compare(recorded, examples[0])
    outcome = _outcome(session, recorded, examples, exact=exact)
    outcome.wall_s = time.monotonic() - began_wall_s
    if isinstance(schedule, str | os.PathLike):
        for violation in outcome.violations:
            violation.schedule_path = os.fspath(schedule)
            violation.replay = f"seatrial replay {shlex.quote(violation.schedule_path)}"
    return raised(outcome, raise_on_failure)


def _runs(session: Session, recorded: Schedule, times: int) -> list[Example]:
    """Of a process only what is read of it takes the time to find out what a restart does: one that failed, once."""
    examples: list[Example] = []
    for _ in range(times):
        kept = not session.trial.processes or not any(example.violations for example in examples)
        examples.append(session.run(recorded.workload, recorded.weather, recorded.salt, kept=kept))
    return examples


def _compare(recorded: Schedule, example: Example) -> None:
    assert recorded.expect is not None
    expected = recorded.expect.get("trace_sha256")
    actual = example.world.trace.sha256()
    if expected and actual != expected:
        raise NonDeterminismError(
            f"the replay's trace has sha256 {actual}, the schedule expects {expected}, though controller code and "
            "versions are the same. The usual causes are iteration over a set, wall-clock time, the random module, or "
            "state kept between runs. See docs/determinism.md."
        )


def _outcome(session: Session, recorded: Schedule, examples: list[Example], *, exact: bool) -> Outcome:
    expected = (recorded.expect or {}).get("property")
    failed = [e for e in examples if any(expected in (None, f.name) for f in e.violations)]
    example = (failed or examples)[0]
    found = [f for f in example.violations if expected in (None, f.name)]
    missing = [a for i, a in enumerate(recorded.weather) if i not in example.world.weather.met]
    warnings = [f"never came: {_told(action)}" for action in missing]
    if session.trial.processes:
        warnings.append(f"reproduced {len(failed)} of {len(examples)}")
    elif not exact and recorded.expect is not None:
        warnings.append(
            "controller code or versions differ from the recording: replayed semantically, hash not compared"
        )
    claims = [expected] if expected else [claim.name for claim in session.plan.properties]
    violated = {f.name: f for f in found}
    # Of the property that it expects, a schedule promises an answer; one written by hand may have judged nothing.
    judged = bool(expected) or any(example.world.judge.judged.values())
    if example.restless:
        warnings.append("still changing at the bound: it never came to rest")
    return Outcome(
        verdict="violated" if found else "unknown" if missing or example.restless or not judged else "holds",
        properties=[_verdict(name, violated, example, bool(missing)) for name in claims],
        warnings=warnings,
        faults_fired=dict(example.world.weather.fired_counts),
        examples=len(examples),
        violations=[_violation(recorded, example, f) for f in violated.values()],
        virtual_s=sum(e.world.network.now_s for e in examples),
        target=session.trial.name,
        profile=session.trial.profile,
        seed=session.trial.seed,
        versions=versions(),
    )


def _verdict(name: str, violated: dict[str, Found], example: Example, missing: bool) -> PropertyVerdict:
    if name in violated:
        return PropertyVerdict(name=name, verdict="violated", reason=violated[name].judgement.reason)
    if missing:
        return PropertyVerdict(name=name, verdict="unknown", reason="an action's anchor never came")
    if name in example.world.judge.unknown and not example.world.judge.judged.get(name):
        return PropertyVerdict(name=name, verdict="unknown", reason=example.world.judge.unknown[name])
    return PropertyVerdict(name=name, verdict="holds")


def _violation(recorded: Schedule, example: Example, found: Found) -> Violation:
    from harness import registry

    faults = {fault.name: fault for fault in registry.faults()}
    struck = [faults[action["do"]] for action in recorded.weather]
    trace = example.world.trace
    return Violation(
        property=found.name,
        kind=found.kind,
        legal=all(fault.legal for fault in struck),
        obliged=all(fault.obliged for fault in struck),
        actions=recorded.size,
        faults=len(recorded.weather),
        workload=len(recorded.workload),
        schedule=recorded.to_json(),
        trace_sha256=trace.sha256(),
        reason=found.judgement.reason,
        narrative=narrative_of(trace, found),
    )


def _told(action: dict[str, Any]) -> str:
    named = action.get("request") or action.get("event") or {}
    where = " ".join(
        str(part) for part in (named.get("verb") or named.get("type"), named.get("kind"), named.get("name")) if part
    )
    return f"{action['do']} at {action['at']} of {action.get('component', 'the plane')} {where}".rstrip()
