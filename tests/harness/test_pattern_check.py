"""`check --pattern` from Python, and the files it writes: verdicts, bad input, and schedules that are run again."""

import json
from pathlib import Path

import pytest

from harness.errors import AdapterError, TrialFailed, UsageError
from harness.pattern_check import check_operations, check_pattern, pattern_named, replay_operations, trial_for
from harness.pattern_file import is_operations_file
from harness.trial import Trial
from reference_impl.patterns.election import StoreElection
from seatrial.sights import observer
from tests.properties.patterns.violators import DoesNotFence

VIOLATOR = "tests.properties.patterns.violators:DoesNotFence"
REFERENCE = "reference_impl.patterns.election:StoreElection"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schedule file of a find."""
    folder = tmp_path_factory.mktemp("reports")
    outcome = check_operations(pattern_named("lease"), VIOLATOR, report_dir=folder)
    return Path(outcome.violations[0].schedule_path)


def test_a_find_is_told_as_numbered_operations(found: Path) -> None:
    report = (found.parent / "report.md").read_text()
    assert "5. candidate 1 writes under the newest token it was given\nThen: " in report
    assert [path.name for path in sorted(found.parent.iterdir())] == ["operations.json", "report.md"]


def test_a_find_is_run_again_on_what_it_names_and_on_what_is_given_instead(found: Path) -> None:
    assert is_operations_file(found)
    again = replay_operations(found, times=2)
    assert (again.verdict, again.exit_code, again.warnings) == ("violated", 1, [])
    fixed = replay_operations(found, REFERENCE)
    assert (fixed.verdict, [each.name for each in fixed.properties]) == ("holds", ["late_writes_are_fenced"])


@pytest.mark.slow
def test_a_test_fails_with_the_operations_and_passes_for_the_reference(tmp_path: Path) -> None:
    with pytest.raises(TrialFailed, match=r"5\. candidate 1 writes") as failed:
        check_pattern("lease", DoesNotFence, report_dir=tmp_path)
    assert "replay: seatrial replay" in str(failed.value)
    assert check_pattern("lease", StoreElection, examples=30, report_dir=tmp_path).pattern == "lease"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"seatrial_operations": 2}, "this seatrial reads 1"),
        ({"operations": [{"do": "dance"}]}, r"operations\[0\]: lease has no 'dance'; it has ask, write"),
        ({"operations": [{"do": "ask"}]}, "a ask needs who"),
        ({"operations": [7]}, r"operations\[0\] is not an operation"),
        ({"operations": None}, "operations must be a list"),
        ({"pattern": "leese"}, "no pattern 'leese'; did you mean lease"),
        ({"expect": "x"}, "expect must be"),
        ({"weather": []}, "field 'weather' is unknown"),
        ({"target": "nowhere:at_all"}, "cannot be imported"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_by_field(
    found: Path, tmp_path: Path, change: dict, complaint: str
) -> None:
    file = tmp_path / "operations.json"
    file.write_text(json.dumps({**json.loads(found.read_text()), **change}))
    with pytest.raises(UsageError, match=complaint):
        replay_operations(file)


def test_what_lacks_methods_of_the_port_is_told_which(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"lacks lease_duration_s, release, try_acquire_or_renew, write: .*Election"):
        check_operations(pattern_named("lease"), "builtins:object", report_dir=tmp_path)


def test_what_cannot_be_made_or_reached_is_no_verdict(tmp_path: Path) -> None:
    def fails() -> None:
        raise OSError("no disk")

    class Away(StoreElection):
        def try_acquire_or_renew(self, candidate: str, clock_s: float) -> None:
            raise ConnectionRefusedError("nobody is there")

    with pytest.raises(AdapterError, match="could not be made: OSError: no disk"):
        check_pattern("lease", fails, report_dir=tmp_path)
    with pytest.raises(AdapterError, match="could not answer: nobody is there"):
        check_pattern("lease", Away, report_dir=tmp_path)


def test_a_pattern_of_control_loops_needs_a_trial(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="returned a StoreElection: pattern closed-control-loop needs a Trial"):
        check_pattern("closed-control-loop", StoreElection, report_dir=tmp_path)


def test_a_trial_is_judged_by_the_promises_in_the_weather_of_its_pattern() -> None:
    pattern = pattern_named("leader-election")
    trial = trial_for(pattern, Trial([observer], no_faults=["crash"]))
    assert trial.properties == ("leader_writes_inside_its_lease", "one_holder_per_lease", "converges")
    assert {"crash", "watch_gap"} <= set(trial.no_faults)
    assert "clock_skew" not in trial.no_faults
