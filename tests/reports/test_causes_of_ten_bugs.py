"""Does the report name the actual cause? Held against what the zoo says of its own bugs, and against controls."""

import json
import statistics

import pytest

from harness.ambient import virtual_ambient
from harness.detection import entry_trial
from harness.session import Session
from reports.blame import FAULTS_NAMED
from reports.narrative import LIMIT
from reports.run import Run, run_of
from tests.reports.found import TEN, FoundBug

pytestmark = pytest.mark.slow

SLICE_MAX = 0.4
"""Share of a trace's events, in the median (issue 4)."""


@pytest.fixture(params=range(len(TEN)), ids=list(TEN))
def bug(request: pytest.FixtureRequest, ten_bugs: list[FoundBug]) -> FoundBug:
    return ten_bugs[request.param]


def run_for(bug: FoundBug) -> Run:
    return run_of(bug.trace, claim=bug.entry.property)


def named_faults(run: Run) -> list[str]:
    return [str(run.ledger.by_step[step].data["name"]) for step in run.blame.faults]


def test_the_wrong_write_is_the_one_that_the_entry_describes(bug: FoundBug) -> None:
    assert bug.entry.culprit
    assert run_for(bug).blame.what == bug.entry.culprit


def test_the_wrong_write_is_singled_out_once(bug: FoundBug) -> None:
    wrong = [sentence for sentence in run_for(bug).story if sentence.mark == "wrong"]
    assert len(wrong) == 1
    assert run_for(bug).blame.text in wrong[0].text


def test_where_it_was_sent_is_a_line_of_the_entry(bug: FoundBug) -> None:
    if bug.entry.culprit != "panic":
        assert run_for(bug).blame.site.startswith("reference_impl/zoo/")


def test_at_most_two_faults_are_named_and_each_brings_the_bug_out(bug: FoundBug) -> None:
    run = run_for(bug)
    named = named_faults(run)
    assert len(named) <= FAULTS_NAMED
    assert set(named) <= set(bug.entry.faults)
    assert bool(named) == bool(bug.entry.faults)
    told = [sentence.step for sentence in run.story if sentence.mark == "fault"]
    assert set(run.blame.faults) <= set(told)


def test_the_story_takes_a_minute_and_ends_with_the_violation(bug: FoundBug) -> None:
    story = run_for(bug).story
    assert 3 <= len(story) <= LIMIT
    assert [sentence.number for sentence in story] == list(range(1, len(story) + 1))
    assert [sentence.mark for sentence in story].index("violation") == len(story) - 1
    times = [sentence.time_s for sentence in story]
    assert times == sorted(times)


def anchor_of(action: dict[str, object]) -> list[object]:
    """What a fault struck; a value that no longer fits, such as the name of a child, is drawn anew when it strikes."""
    return [action["do"], *(action.get(name) for name in ("at", "component", "request", "event", "step"))]


def test_without_any_named_fault_the_failure_goes_away(bug: FoundBug) -> None:
    schedule = json.loads((bug.folder / "schedule.json").read_text())
    run, trial = run_for(bug), entry_trial(bug.entry)
    named = [run.ledger.by_step[step].data["action"] for step in run.blame.faults]
    with virtual_ambient(trial.factories):
        session = Session(trial)
        whole = session.run(schedule["workload"], schedule["weather"])
        assert bug.entry.property in [found.name for found in whole.violations]
        for action in named:
            left = [other for other in schedule["weather"] if anchor_of(other) != anchor_of(action)]
            assert len(left) == len(schedule["weather"]) - 1
            example = session.run(schedule["workload"], left)
            assert bug.entry.property not in [found.name for found in example.violations], action


def test_the_slice_holds_the_wrong_write_the_faults_and_the_violation(bug: FoundBug) -> None:
    run = run_for(bug)
    assert run.facts.violation is not None
    assert {run.blame.step, *run.blame.faults, run.facts.violation.step} <= set(run.slice)


def test_the_slice_is_a_small_part_of_the_run(ten_bugs: list[FoundBug]) -> None:
    shares = {bug.entry.id: len(run_for(bug).slice) / len(bug.trace.events) for bug in ten_bugs}
    assert statistics.median(shares.values()) <= SLICE_MAX, shares
