"""`seatrial demo`: the main job on the embedded control plane, in under a minute, with nothing to prepare.

A planted bug is searched for and found, its fixed twin is searched just as long and stays silent, and four tiny
schedules show what weather does to one event. Exit code 0 if all of this came true, else 1: a demonstration that
cannot fail would show nothing.
"""

from typing import TYPE_CHECKING, Any

from seatrial.options import DEFAULT_EXAMPLES, FIXED_SUFFIX, ZOO_PREFIX, trial_of
from seatrial.printing import headline, outcome_lines, print_json, print_text
from seatrial.running import run_check
from seatrial.sights import lines, look

if TYPE_CHECKING:
    from harness.outcome import Outcome

DEMO_TAG = "demo"
INTERRUPTED = 130


def demonstrate(*, report_dir: str, quiet: bool, as_json: bool) -> int:
    """Run and print the three parts; returns the exit code."""
    entry = demo_entry()
    wrong, fixed = f"{ZOO_PREFIX}{entry.id}", f"{ZOO_PREFIX}{entry.id}{FIXED_SUFFIX}"

    def say(*text: str) -> None:
        if not as_json:
            print_text("\n".join(text))

    say(f"1. A planted bug, {wrong}: {entry.bug}")
    bug = _search(wrong, report_dir, quiet)
    say(*_shown(bug, quiet=quiet), "")
    if bug.interrupted:
        return INTERRUPTED
    say(f"2. Its fixed twin, {fixed}, searched with the same settings")
    twin = _search(fixed, report_dir, quiet)
    say(*_shown(twin, quiet=True), "")
    if twin.interrupted:
        return INTERRUPTED
    sights = look()
    say("3. What weather does to one event of a watch", *(f"   {line}" for line in lines(sights)), "")
    found = any(violation.property == entry.property for violation in bug.violations)
    silent = twin.verdict == "holds"
    shown = all(sight.struck for sight in sights)
    code = 0 if found and silent and shown else 1
    say(_conclusion(found=found, silent=silent, shown=shown))
    if as_json:
        parts = {"found": bug.to_json(), "twin": twin.to_json(), "events": [sight.to_json() for sight in sights]}
        print_json({"seatrial": 1, "exit": code, **parts})
    return code


def demo_entry() -> Any:
    """The zoo's entry for demonstrations: the first that is tagged for it."""
    from reference_impl.zoo import ZOO

    return next((entry for entry in ZOO if DEMO_TAG in entry.tags), ZOO[0])


def _search(target: str, report_dir: str, quiet: bool) -> "Outcome":
    return run_check(trial_of(target, {}), title=target, quiet=quiet, examples=DEFAULT_EXAMPLES, report_dir=report_dir)


def _shown(outcome: "Outcome", *, quiet: bool) -> list[str]:
    return [headline(outcome)] if quiet else outcome_lines(outcome)


def _conclusion(*, found: bool, silent: bool, shown: bool) -> str:
    failures = [
        text
        for came_true, text in (
            (found, "the planted bug was not found"),
            (silent, "the fixed twin was not found to hold"),
            (shown, "a fault did not change what was seen"),
        )
        if not came_true
    ]
    if failures:
        return f"The demonstration failed: {'; '.join(failures)}."
    return "The planted bug was found, the fixed twin stayed silent."
