"""`check --pattern`: holds an implementation to a pattern's contract, and says what came of it as every check does.

Patterns with a port are tried by operations (`pattern_search.py`); patterns of control loops are tried by a trial, of
which only the pattern's properties are judged, in the pattern's weather.
"""

import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

from harness import registry
from harness.check import DEFAULT_EXAMPLES, check
from harness.code_reference import name_of_code, reference_to
from harness.conclusion import raised
from harness.errors import UsageError
from harness.outcome import Outcome, PropertyVerdict, Violation
from harness.pattern import OperationPattern, Pattern, TrialPattern
from harness.pattern_file import load_operations, narrative, write_breach
from harness.pattern_search import CONFIRMATIONS, EXAMPLES, STEPS_MAX, Breach, Searched, run, search
from harness.pattern_shrink import Operations
from harness.pattern_target import factory_of
from harness.report_folder import assert_writable
from harness.schedule import versions
from harness.trial import Trial


def pattern_named(name: str) -> Pattern:
    """Raises UsageError with the list of names and the nearest."""
    known = {pattern.name: pattern for pattern in registry.patterns()}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(f"there is no pattern {name!r}; {hint}There are {', '.join(known)}")


def check_pattern(
    name: str,
    target: Callable[[], Any],
    *,
    examples: int | None = None,
    seed: int = 0,
    report_dir: str | PathLike[str] = "seatrial-reports",
) -> Outcome:
    """Hold what `target()` makes to a pattern, from a test.

    Args:
        name: as `seatrial patterns` lists it.
        target: a factory; of a pattern of control loops, one that returns a `Trial`.
        examples: default: 100 schedules of operations, or as many examples as `check` tries.

    Raises:
        TrialFailed: a promise is broken; its text has the numbered operations. TrialInconclusive: one was never put to
            the test.
        UsageError: no such pattern, or what is made does not match its port. AdapterError: nothing can be made.
    """
    pattern = pattern_named(name)
    if isinstance(pattern, TrialPattern):
        trial = target()
        if not isinstance(trial, Trial):
            raise UsageError(f"the target returned a {type(trial).__name__}: pattern {name} needs a Trial")
        trial = replace(trial_for(pattern, trial), seed=seed or trial.seed)
        outcome = check(trial, examples=examples or DEFAULT_EXAMPLES, report_dir=report_dir, raise_on_failure=False)
        outcome.pattern = name
    else:
        called = reference_to(target) or name_of_code(target)
        outcome = check_operations(
            pattern, called, factory=target, examples=examples or EXAMPLES, seed=seed, report_dir=report_dir
        )
    return raised(outcome, raise_on_failure=True)


def check_operations(
    pattern: OperationPattern,
    target: str,
    *,
    factory: Callable[[], Any] | None = None,
    examples: int = EXAMPLES,
    steps_max: int = STEPS_MAX,
    seed: int = 0,
    report_dir: str | PathLike[str] = "seatrial-reports",
    budget_wall_s: float | None = None,
    progress: Callable[..., None] | None = None,
) -> Outcome:
    """Hold what TARGET makes to a pattern with a port.

    Args:
        factory: in the place of the code that `target` names.

    Raises:
        UsageError: TARGET cannot be imported, lacks a method of the port, or reports cannot be written. AdapterError:
            it cannot be made or reached.
    """
    factory = factory or factory_of(target, pattern)
    assert_writable(report_dir)
    found = search(
        pattern,
        factory,
        target=target,
        examples=examples,
        steps_max=steps_max,
        seed=seed,
        budget_wall_s=budget_wall_s,
        progress=progress,
    )
    outcome = _outcome(pattern, target, found, seed)
    for breach in found.breaches:
        path = write_breach(report_dir, pattern, target, breach)
        outcome.violations.append(_violation(pattern, breach, path))
    return outcome


def replay_operations(path: str | PathLike[str], target: str | None = None, *, times: int = 1) -> Outcome:
    """Run a schedule of operations again, on what it names or on TARGET. Exit code 1 if any of `times` runs broke the
    promise that it expects (without one: any). Raises UsageError, AdapterError."""
    if times < 1:
        raise UsageError(f"times={times} runs nothing: give at least 1")
    name, recorded, operations, expected = load_operations(path)
    pattern = pattern_named(name)
    if isinstance(pattern, TrialPattern):
        raise UsageError(f"schedule {path}: pattern {name} is tried by trials: replay the schedule.json of a report")
    _assert_known(pattern, operations, os.fspath(path))
    target = target or recorded
    factory = factory_of(target, pattern)
    found = Searched(examples=times)
    again = 0
    for _ in range(times):
        ran = run(pattern, factory, operations, target=target)
        for promise, count in ran.judged.items():
            found.judged[promise] = found.judged.get(promise, 0) + count
        broken = ran.broken
        if broken is not None and expected in (None, broken.promise):
            again += 1
            breach = Breach(promise=broken.promise, reason=broken.reason, operations=operations, again=CONFIRMATIONS)
            found.breaches = [breach]
    outcome = _outcome(pattern, target, found, 0)
    if expected is not None:
        outcome.properties = [each for each in outcome.properties if each.name == expected]
        verdicts = [each.verdict for each in outcome.properties]
        outcome.verdict = "violated" if found.breaches else "holds" if verdicts == ["holds"] else "unknown"
    outcome.violations = [_violation(pattern, breach, Path(path)) for breach in found.breaches]
    if found.breaches and again < times:
        outcome.warnings.append(f"reproduced {again} of {times}")
    return outcome


def _assert_known(pattern: OperationPattern, operations: Operations, path: str) -> None:
    """Raises UsageError for an operation that the pattern does not know, or that lacks a field."""
    for index, operation in enumerate(operations):
        where = f"schedule {path}: operations[{index}]"
        fields = pattern.fields.get(operation["do"])
        if fields is None:
            raise UsageError(f"{where}: {pattern.name} has no {operation['do']!r}; it has {', '.join(pattern.fields)}")
        for name in fields:
            if name not in operation:
                raise UsageError(f"{where}: a {operation['do']} needs {', '.join(fields)}")
        for call in operation.get("calls", ()):
            _assert_known(pattern, [call], path)


def trial_for(pattern: TrialPattern, trial: Trial) -> Trial:
    """The same trial, judged by the pattern's promises, in its weather."""
    # Left out, instead of the rest named: a kind that is named and never strikes makes the verdict unknown.
    others = [fault.name for fault in registry.faults() if fault.name not in pattern.weather]
    return replace(
        trial,
        properties=[promise.name for promise in pattern.promises],
        no_faults=list(dict.fromkeys([*trial.no_faults, *others])),
    )


def _outcome(pattern: OperationPattern, target: str, found: Searched, seed: int) -> Outcome:
    broken = {breach.promise: breach.reason for breach in found.breaches}
    outcome = Outcome(
        verdict="unknown",
        pattern=pattern.name,
        target=target,
        seed=seed,
        examples=found.examples,
        versions=versions(),
        wall_s=found.wall_s,
        not_applicable=list(found.not_applicable),
    )
    for promise in pattern.promises:
        if promise.name in found.not_applicable:
            continue
        if promise.name in broken:
            outcome.properties.append(
                PropertyVerdict(name=promise.name, verdict="violated", reason=broken[promise.name])
            )
        elif found.judged.get(promise.name):
            outcome.properties.append(PropertyVerdict(name=promise.name, verdict="holds"))
        else:
            outcome.properties.append(
                PropertyVerdict(name=promise.name, verdict="unknown", reason="never put to the test")
            )
    verdicts = {each.verdict for each in outcome.properties}
    outcome.verdict = "violated" if broken else "unknown" if "unknown" in verdicts or not found.examples else "holds"
    outcome.warnings = [
        f"{breach.promise}: reproduced {breach.again} of {CONFIRMATIONS}"
        for breach in found.breaches
        if breach.again < CONFIRMATIONS
    ]
    return outcome


def _violation(pattern: OperationPattern, breach: Breach, path: Path) -> Violation:
    return Violation(
        property=breach.promise,
        kind=pattern.port.__name__,
        legal=True,
        obliged=True,
        actions=len(breach.operations),
        faults=0,
        workload=len(breach.operations),
        schedule_path=str(path),
        report_path=str(path.with_name("report.md")),
        replay=f"seatrial replay {shlex.quote(str(path))}",
        reason=breach.reason,
        narrative=narrative(pattern, breach),
    )
