"""`seatrial check --pattern NAME TARGET`, and `seatrial replay` of what it found."""

import inspect
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from seatrial.options import trial_of
from seatrial.printing import exit_code_of, headline, print_json, print_outcome, print_table, print_text
from seatrial.progress import progress_bar
from seatrial.running import run_check

if TYPE_CHECKING:
    from harness.outcome import Outcome
    from harness.pattern import TrialPattern
    from harness.trial import Trial

_OF_OPERATIONS = ("seed", "max_steps")
"""Options of a trial that mean something where there is none."""


def check_pattern(
    name: str,
    target: str,
    typed: dict[str, Any],
    *,
    examples: int,
    budget_wall_s: float | None,
    report_dir: str,
    allow_unknown: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Try, print, and return the exit code. Raises SeatrialError."""
    from harness.pattern import TrialPattern
    from harness.pattern_check import check_operations, pattern_named, trial_for

    pattern = pattern_named(name)
    title = f"{name} of {target}"
    if isinstance(pattern, TrialPattern):
        trial = trial_for(pattern, _trial(pattern, target, typed))
        outcome = run_check(
            trial, title=title, quiet=quiet, examples=examples, report_dir=report_dir, budget_wall_s=budget_wall_s
        )
        outcome.pattern = name
        return print_outcome(outcome, as_json=as_json, quiet=quiet, allow_unknown=allow_unknown)
    _refuse_trial_options(name, typed)
    settings = {
        key: typed[typed_as] for key, typed_as in (("seed", "seed"), ("steps_max", "max_steps")) if typed[typed_as]
    }
    with redirect_stdout(sys.stderr), progress_bar(title, quiet=quiet) as progress:
        outcome = check_operations(
            pattern,
            target,
            examples=examples,
            report_dir=report_dir,
            budget_wall_s=budget_wall_s,
            progress=progress,
            **settings,
        )
    return _print(outcome, as_json=as_json, quiet=quiet, allow_unknown=allow_unknown)


def replay_pattern(
    schedule: str, target: str | None, *, times: int, allow_unknown: bool, quiet: bool, as_json: bool
) -> int:
    """Run a schedule of operations again, print, and return the exit code. Raises SeatrialError."""
    from harness.pattern_check import replay_operations

    with redirect_stdout(sys.stderr):
        outcome = replay_operations(schedule, target, times=times)
    return _print(outcome, as_json=as_json, quiet=quiet, allow_unknown=allow_unknown)


def _trial(pattern: "TrialPattern", target: str, typed: dict[str, Any]) -> "Trial":
    """What TARGET returns if it is called without arguments; else the trial of it as a controller."""
    from harness.code_reference import load
    from harness.errors import UsageError
    from harness.trial import Trial

    factory = None if target.startswith("zoo:") else load(target, purpose=f"target of {pattern.name}")
    if factory is None or not _takes_nothing(factory):
        return trial_of(target, typed)
    try:
        made = factory()
    # Someone else's code may fail in any way; the user needs to know that it was theirs.
    except Exception as error:
        raise UsageError(f"target {target!r} could not be made: {type(error).__name__}: {error}") from error
    if not isinstance(made, Trial):
        raise UsageError(
            f"target {target!r} returned a {type(made).__name__}: pattern {pattern.name} needs a Trial, or a "
            "controller factory that takes a Client"
        )
    _refuse_trial_options(pattern.name, typed, because="TARGET returns a whole Trial: set it there")
    return made


def _takes_nothing(factory: Any) -> bool:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    return not any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _refuse_trial_options(
    name: str, typed: dict[str, Any], *, because: str = "it is tried by operations, without users or weather"
) -> None:
    from harness.errors import UsageError

    given = [
        option for option, value in typed.items() if value not in (None, (), False) and option not in _OF_OPERATIONS
    ]
    if given:
        options = ", ".join(f"--{option.replace('_', '-').removesuffix('s')}" for option in given)
        raise UsageError(f"{options} means nothing with --pattern {name}: {because}. Leave it out")


def _print(outcome: "Outcome", *, as_json: bool, quiet: bool, allow_unknown: bool) -> int:
    code = exit_code_of(outcome, allow_unknown=allow_unknown)
    if as_json:
        print_json({**outcome.to_json(), "exit": code})
        return code
    print_text(headline(outcome).replace(", 0 virtual seconds", ""))
    if quiet:
        return code
    for warning in outcome.warnings:
        print_text(f"warning: {warning}")
    for violation in outcome.violations:
        count = violation.actions
        print_text(f"\n{violation.property} is broken, in {count} operation{'s' * (count != 1)}:")
        print_text("\n".join(f"   {line}" for line in violation.narrative.splitlines()))
        print_text(f"   report: {violation.report_path}\n   replay: {violation.replay}")
    print_text("")
    print_table([(each.name, each.verdict, each.reason) for each in outcome.properties])
    if outcome.not_applicable:
        print_text(f"not applicable: {', '.join(outcome.not_applicable)}")
    return code
