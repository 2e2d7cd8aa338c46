"""Processes searched, shrunk, replayed: the whole way, with a program that starts at once."""

from pathlib import Path

import pytest

from harness.check import check
from harness.errors import AdapterError, UsageError
from harness.replay import replay
from harness.sweep import sweep
from harness.trial import Trial, trial_from_description
from tests.harness.foreign.copiers import DELETE, copier, trial

pytestmark = pytest.mark.slow

FAULTS = ["crash", "watch_gap", "partition"]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


def forgetful(**options: object) -> Trial:
    return trial(process=copier("forgets-owners", patience_s=2.0), workload=[DELETE], faults=FAULTS, **options)


@pytest.fixture(scope="module")
def found(reports: Path) -> object:
    return check(forgetful(), examples=12, report_dir=reports, raise_on_failure=False)


def test_a_planted_bug_is_found_and_shrunk(found: object) -> None:
    (violation,) = found.violations
    assert found.verdict == "violated"
    assert violation.property == "converges"
    assert "ConfigMap default/note-front should not exist" in violation.reason
    assert violation.faults <= 2


def test_what_is_reported_says_how_often_it_was_reproduced_and_what_a_restart_does(found: object) -> None:
    (violation,) = found.violations
    assert "reproduced" in violation.reason
    assert "nothing moved for 2 s" in violation.reason


def test_a_replay_of_a_process_is_counted_and_not_compared(found: object) -> None:
    (violation,) = found.violations
    again = replay(Path(violation.schedule_path), times=2, raise_on_failure=False)

    assert again.verdict == "violated"
    assert any(warning in again.warnings for warning in ("reproduced 1 of 2", "reproduced 2 of 2"))


def test_the_output_of_the_process_is_in_the_report(found: object) -> None:
    (violation,) = found.violations

    assert b"copied front" in Path(violation.trace_path).read_bytes()


def test_the_fixed_program_passes_the_same_schedule(found: object) -> None:
    (violation,) = found.violations
    fixed = Trial(**{**_arguments(violation.schedule["trial"]), "controllers": [copier(patience_s=2.0)]})

    again = replay(Path(violation.schedule_path), trial=fixed, raise_on_failure=False)

    assert again.verdict in ("holds", "unknown"), again.properties  # unknown: its anchor may never come
    assert not again.violations


def test_a_sound_process_passes(reports: Path) -> None:
    sound = trial(process=copier(patience_s=4.0), workload=[DELETE], faults=FAULTS)
    outcome = check(sound, examples=6, report_dir=reports, raise_on_failure=False)

    assert outcome.violations == []
    assert outcome.faults_fired


def test_who_fails_in_fair_weather_needs_no_weather(reports: Path) -> None:
    outcome = check(trial("dies-of-work"), examples=5, report_dir=reports, raise_on_failure=False)

    assert outcome.fair_weather
    assert [violation.property for violation in outcome.violations] == ["no_panic"]
    assert outcome.violations[0].faults == 0


def test_who_cannot_be_started_is_no_verdict(reports: Path) -> None:
    with pytest.raises(AdapterError, match="cannot go on"):
        check(trial("dies-at-once"), examples=5, report_dir=reports)


def test_a_search_that_needs_exact_repetition_refuses_processes() -> None:
    with pytest.raises(UsageError, match="a process is tried with check"):
        sweep(trial())


def test_a_process_and_a_factory_do_not_share_a_trial() -> None:
    with pytest.raises(UsageError, match="cannot hold both"):
        Trial([copier(), lambda client: None])


def _arguments(description: dict[str, object]) -> dict[str, object]:
    described = trial_from_description(description)
    return {"manifests": described.objects, "workload": list(described.workload or ()), "faults": described.faults}
