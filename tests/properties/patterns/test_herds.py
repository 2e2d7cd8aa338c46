"""Pattern 9, during an outage: who hammers at a server that is down is caught, who backs off is left alone."""

from pathlib import Path
from typing import Any

import pytest

from harness.check import check
from harness.outcome import Outcome
from harness.pattern_check import pattern_named, trial_for
from harness.trial import Trial
from properties.patterns.defensive_programming import DEFENSIVE_PROGRAMMING
from reference_impl.zoo.asks_without_end import ENTRY, fixed, wrong
from reference_impl.zoo.awkward import AWKWARD

PROMISE = "retries_back_off"
LOOK_WRONG = ("retries-until-ready", "wide-fleet")
"""Controllers of the zoo that are right, and send a lot."""


def trial_of(controller: Any) -> Trial:
    return Trial([controller], ENTRY.manifests, workload=ENTRY.trial_options["workload"])


def tried(trial: Trial, folder: Path, examples: int) -> Outcome:
    return check(trial_for(DEFENSIVE_PROGRAMMING, trial), examples=examples, report_dir=folder, raise_on_failure=False)


@pytest.mark.slow
def test_who_asks_again_at_a_fixed_interval_is_caught(tmp_path: Path) -> None:
    outcome = tried(trial_of(wrong), tmp_path, 200)
    (violation,) = (each for each in outcome.violations if each.property == PROMISE)
    assert (violation.faults, violation.actions) <= (1, 3)
    assert "sites sent the get of Site/default/front in its pass over default/front" in violation.reason


@pytest.mark.slow
def test_who_leaves_it_to_the_queue_keeps_the_promise(tmp_path: Path) -> None:
    outcome = tried(trial_of(fixed), tmp_path, 25)
    assert [each.verdict for each in outcome.properties if each.name == PROMISE] == ["holds"]


@pytest.mark.slow
@pytest.mark.parametrize("entry_id", LOOK_WRONG)
def test_controllers_that_look_wrong_are_left_alone(entry_id: str, tmp_path: Path) -> None:
    entry = next(entry for entry in AWKWARD if entry.id == entry_id)
    assert tried(Trial(entry.controller, entry.manifests, **entry.trial_options), tmp_path, 5).violations == []


def test_the_pattern_promises_it() -> None:
    assert PROMISE in {promise.name for promise in pattern_named("defensive-programming").promises}
