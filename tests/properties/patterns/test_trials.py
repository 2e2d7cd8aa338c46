"""Patterns of control loops: what keeps them holds, and entries of the zoo that break them are caught and shrunk."""

from pathlib import Path

import pytest

from harness import registry
from harness.check import check
from harness.detection import entry_trial
from harness.outcome import Outcome
from harness.pattern import TrialPattern
from harness.pattern_check import trial_for
from harness.trial import Trial
from properties.patterns import PATTERNS
from reference_impl.zoo import ZOO
from tests.quality.reference_trials import TRIALS, UNDER_TEST

BY_NAME = {pattern.name: pattern for pattern in PATTERNS if isinstance(pattern, TrialPattern)}
ENTRIES = {entry.id: entry for entry in ZOO}

VIOLATORS = (
    ("choreography", "to-and-fro"),
    ("choreography", "conducted"),
    ("closed-control-loop", "decided-by-the-edge"),
    ("closed-control-loop", "unwatched-child"),
    ("leader-election", "compares-remote-clocks"),
    ("leader-election", "deaf-leader"),
    ("stateless-over-stateful", "second-secret"),
    ("stateless-over-stateful", "scaled-down-by-the-past"),
    ("defensive-programming", "waits-for-the-word"),
    ("defensive-programming", "told-at-every-step"),
    ("side-effects", "two-buckets"),
    ("side-effects", "leaked-bucket"),
)
"""(pattern, entry of the zoo)"""
ACTIONS_MAX = 6
"""Of a shrunk schedule of any of these, users' and the weather's together."""

REFERENCES = (
    ("choreography", "deployment"),
    ("closed-control-loop", "deployment"),
    ("stateless-over-stateful", "replicaset"),
    ("defensive-programming", "job"),
    ("side-effects", "service"),
)
"""(pattern, reference trial)"""


def tried(pattern: str, trial: Trial, folder: Path, examples: int) -> Outcome:
    return check(trial_for(BY_NAME[pattern], trial), examples=examples, report_dir=folder, raise_on_failure=False)


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "entry"), VIOLATORS)
def test_a_violator_is_caught_with_a_small_schedule(pattern: str, entry: str, tmp_path: Path) -> None:
    outcome = tried(pattern, entry_trial(ENTRIES[entry]), tmp_path, 200)
    promised = [promise.name for promise in BY_NAME[pattern].promises]
    assert [violation.property for violation in outcome.violations if violation.property not in promised] == []
    assert outcome.violations
    assert min(violation.actions for violation in outcome.violations) <= ACTIONS_MAX


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "entry"), VIOLATORS[::2])
def test_the_fixed_twin_keeps_the_pattern(pattern: str, entry: str, tmp_path: Path) -> None:
    assert tried(pattern, entry_trial(ENTRIES[entry], "fixed"), tmp_path, 10).violations == []


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "name"), REFERENCES)
def test_the_reference_keeps_the_pattern(pattern: str, name: str, tmp_path: Path) -> None:
    from reference_impl.controllers import CONTROLLERS

    trial = Trial([CONTROLLERS[controller] for controller in UNDER_TEST[name]], TRIALS[name])
    assert tried(pattern, trial, tmp_path, 6).violations == []


def test_promises_are_properties_and_weather_is_weather() -> None:
    claims = {claim.name for claim in registry.properties()}
    faults = {fault.name for fault in registry.faults()}
    for pattern in BY_NAME.values():
        assert {promise.name for promise in pattern.promises} <= claims
        assert set(pattern.weather) <= faults
        assert all(promise.says for promise in pattern.promises)


def test_every_pattern_of_control_loops_has_two_violators() -> None:
    for name in BY_NAME:
        assert sum(pattern == name for pattern, _ in VIOLATORS) >= 2
