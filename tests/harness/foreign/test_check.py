"""Processes searched, shrunk, replayed: the whole way, with a program that starts at once."""

from pathlib import Path

import pytest

from harness.check import check
from harness.errors import AdapterError, UsageError
from harness.findings import Written, write_down_flaky
from harness.flaky import FlakyShrinker
from harness.replay import replay
from harness.session import Finding, Session
from harness.sweep import sweep
from harness.trial import Trial
from tests.harness.foreign.copiers import CREATE, DELETE, at_event, copier, trial

pytestmark = pytest.mark.slow

UNHEARD = {
    **at_event("crash", restart_after_s=0.3),
    "event": {"type": "DELETED", "kind": "Note", "name": "front", "namespace": "default", "nth": 1},
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


def forgetful() -> Trial:
    return trial(process=copier("forgets-owners"), workload=[DELETE], faults=["crash"])


@pytest.fixture(scope="module")
def written(reports: Path) -> Written:
    """It dies as it is told that the Note is gone, and nobody tells it again: found, shrunk and written down."""
    session = Session(forgetful(), drawing=False)
    finding = session.run([CREATE, DELETE], [UNHEARD])
    shrunk = FlakyShrinker(
        session, Finding(workload=[CREATE, DELETE], weather=[UNHEARD], found=finding.violations), finding.violations[0]
    ).shrink()
    written = write_down_flaky(session, shrunk, reports, "seatrial replay")
    assert written is not None
    return written


def test_what_is_found_is_confirmed_and_says_how_often_and_what_a_restart_does(written: Written) -> None:
    violation = written.violation
    assert violation.property == "converges"
    assert violation.faults == 1
    assert "ConfigMap default/note-front should not exist" in violation.reason
    assert "nothing moved for 1 s, and a restart does not help: stuck" in violation.reason
    assert "(reproduced 2 of 2)" in violation.reason
    assert b"copied front" in Path(violation.trace_path).read_bytes()


def test_a_replay_of_a_process_is_counted_and_not_compared(written: Written) -> None:
    again = replay(written.violation.schedule, times=2, raise_on_failure=False)

    assert again.verdict == "violated"
    assert "reproduced 2 of 2" in again.warnings


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
