"""One call of `check`: what it finds, what it says, and what it leaves behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.check import _OneRule, check
from harness.errors import TrialFailed, TrialInconclusive, UsageError
from harness.outcome import Outcome
from harness.replay import replay
from harness.session import Session
from harness.trial import Known
from tests.harness import trials

FAULTS = ("crash", "reply_lost")


def _check(tmp_path: Path, factory: Any = trials.steady, examples: int = 40, **options: Any) -> Outcome:
    options.setdefault("faults", FAULTS)
    trial = trials.trial(factory, **options)
    return check(trial, examples=examples, report_dir=tmp_path, raise_on_failure=False)


@pytest.mark.slow
def test_a_correct_controller_holds(tmp_path: Path) -> None:
    outcome = _check(tmp_path)
    assert (outcome.verdict, outcome.violations) == ("holds", [])
    assert all(outcome.faults_fired.get(fault) for fault in FAULTS)


@pytest.mark.slow
def test_a_wrong_controller_is_found_shrunk_and_replayed(tmp_path: Path) -> None:
    outcome = _check(tmp_path, trials.forgetful)
    assert outcome.verdict == "violated"
    first = outcome.violations[0]
    assert (first.legal, first.obliged) == (True, True)
    assert first.actions == first.faults + first.workload <= 3
    trial = trials.trial(trials.forgetful, faults=FAULTS)
    again = replay(first.schedule_path, trial=trial, raise_on_failure=False)
    with pytest.raises(TrialFailed, match="replay: seatrial replay"):
        replay(first.schedule_path, trial=trial)
    assert [v.property for v in again.violations] == [first.property]
    assert again.violations[0].trace_sha256 == first.trace_sha256


@pytest.mark.slow
def test_a_fix_is_replayed_semantically_and_holds(tmp_path: Path) -> None:
    path = _check(tmp_path, trials.forgetful).violations[0].schedule_path
    outcome = replay(path, trial=trials.trial(trials.steady, faults=FAULTS), raise_on_failure=False)
    assert outcome.verdict in ("holds", "unknown")
    assert outcome.violations == []


@pytest.mark.slow
def test_the_failure_raised_tells_the_story_and_ends_with_the_replay_command(tmp_path: Path) -> None:
    with pytest.raises(TrialFailed) as failure:
        check(trials.trial(trials.forgetful, faults=FAULTS), examples=40, report_dir=tmp_path)
    text = str(failure.value)
    assert "WEATHER" in text
    assert text.splitlines()[-1].startswith("replay: ")


@pytest.mark.slow
def test_a_controller_that_fails_in_fair_weather_needs_no_weather(tmp_path: Path) -> None:
    outcome = _check(tmp_path, trials.restless)
    assert (outcome.verdict, outcome.fair_weather) == ("violated", True)
    assert outcome.violations[0].faults == 0


@pytest.mark.slow
def test_a_known_violation_is_accepted_and_one_that_matches_nothing_is_reported(tmp_path: Path) -> None:
    unmatched = Known(property="converges", kind="Website", reason="we know")
    outcome = _check(tmp_path, ignore=[unmatched])
    assert any("matched nothing" in warning for warning in outcome.warnings)


@pytest.mark.slow
def test_the_search_goes_on_past_a_violation_that_is_accepted(tmp_path: Path) -> None:
    everything = [Known(property=p.name, kind="*", reason="we know") for p in trials.trial().property_objects]
    outcome = _check(tmp_path, trials.forgetful, ignore=everything)
    assert (outcome.violations, outcome.examples) == ([], 40)
    assert sum("matched nothing" in warning for warning in outcome.warnings) < len(everything)


@pytest.mark.slow
def test_weather_that_never_hits_is_unknown(tmp_path: Path) -> None:
    outcome = _check(tmp_path, faults=("external_fails",))
    assert outcome.verdict == "unknown"
    with pytest.raises(TrialInconclusive):
        check(trials.trial(faults=("external_fails",)), examples=5, report_dir=tmp_path)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_outcome(tmp_path: Path) -> None:
    first, second = (_check(tmp_path, trials.forgetful, seed=3) for _ in range(2))
    assert first.violations[0].schedule == second.violations[0].schedule
    assert (first.examples, first.faults_fired) == (second.examples, second.faults_fired)


@pytest.mark.slow
def test_the_report_folder_is_complete(tmp_path: Path) -> None:
    outcome = _check(tmp_path, trials.forgetful)
    violation = outcome.violations[0]
    folder = Path(violation.schedule_path).parent
    assert {path.name for path in folder.iterdir()} == {
        "schedule.json", "search.json", "trace.jsonl", "trace.json", "report.md", "report.html", "report.sarif",
        "report.graphml", "report.shiviz.log", "test_regression.py",
    }  # fmt: skip
    search = json.loads((folder / "search.json").read_text())
    assert search == {"examples": outcome.examples, "faults_fired": outcome.faults_fired}
    schedule = json.loads((folder / "schedule.json").read_text())
    assert schedule["expect"] == {"property": violation.property, "trace_sha256": violation.trace_sha256}
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith((".", "tmp"))]


def test_no_examples_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="examples=0"):
        check(trials.trial(), examples=0, report_dir=tmp_path)


@pytest.mark.slow
def test_exactly_the_examples_asked_for_are_run(tmp_path: Path) -> None:
    assert _check(tmp_path, examples=17).examples == 17


@pytest.mark.slow
def test_an_example_leaves_out_a_share_of_the_kinds_that_is_its_own() -> None:
    session = Session(trials.trial())

    class Searching(_OneRule):
        pass

    Searching.trial, Searching.session = session.trial, session
    kinds = {fault.name for fault in session.faults}
    swarms = []
    for number in range(8):
        machine: Any = Searching()
        machine.begin_with_swarm(workload=0, salt=0, calm=0, budget=0, first=0, swarm=number)
        swarms.append({fault.name for fault in machine._swarm})
        machine.teardown()
    assert all(swarm <= kinds for swarm in swarms)
    assert len({len(swarm) for swarm in swarms}) > 2
    assert set().union(*swarms) == kinds
