import json

import pytest

from seatrial.printing import exit_code_of, outcome_lines, print_error, print_outcome
from tests.seatrial.outcomes import outcome, violated


@pytest.mark.parametrize(("verdict", "code"), [("holds", 0), ("violated", 1), ("unknown", 2), ("error", 3)])
def test_each_verdict_has_its_exit_code(verdict: str, code: int) -> None:
    assert exit_code_of(outcome(verdict)) == code


def test_unknown_is_allowed_only_when_asked_for() -> None:
    assert exit_code_of(outcome("unknown"), allow_unknown=True) == 0
    assert exit_code_of(outcome("violated"), allow_unknown=True) == 1


def test_an_interrupted_run_ends_with_130_whatever_was_found() -> None:
    assert exit_code_of(violated(interrupted=True)) == 130
    assert outcome_lines(violated(interrupted=True))[0].startswith("INTERRUPTED, so far VIOLATED: converges")


def test_what_a_campaign_found_says_how_often_by_what_and_where() -> None:
    result = violated()
    assert "met in" not in "\n".join(outcome_lines(result))
    found = result.violations[0]
    found.met, found.first_example, found.fault, found.call_site = 12, 7, "crash", "website.py:31 in reconcile"
    lines = outcome_lines(result)
    assert "   met in 12 examples, first in number 7: by crash, at website.py:31 in reconcile" in lines
    assert result.to_json()["violations"][0]["call_site"] == "website.py:31 in reconcile"


def test_a_sample_has_a_bound_and_a_sweep_is_none() -> None:
    bound = "at 95 % fewer than"
    assert bound in outcome_lines(outcome())[0]
    assert bound in outcome_lines(outcome(scope=["campaign: weather struck at 8 of the 9 places"]))[0]
    assert bound not in outcome_lines(outcome(scope=["swept: one workload of 2 user actions"]))[0]


def test_the_story_the_report_and_the_replay_command_are_shown() -> None:
    text = "\n".join(outcome_lines(violated()))
    for expected in (
        "VIOLATED: converges (200 examples, 2.1 s, 81,234 virtual seconds)",
        "1. converges violated on Website (legal and obliged; 3 actions: 2 by users, 1 of the weather)",
        "user: creates Website default/front",
        "report: r/report.md",
        "replay: seatrial replay r/schedule.json",
        "weather that struck: crash 12",
    ):
        assert expected in text
    assert "stale_read" not in text


def test_a_hostile_violation_says_so() -> None:
    result = violated()
    result.violations[0].legal = False
    assert "HOSTILE: real Kubernetes does not do this" in "\n".join(outcome_lines(result))


def test_json_is_one_object_with_the_code_the_command_ends_with(capsys: pytest.CaptureFixture[str]) -> None:
    code = print_outcome(outcome("unknown"), as_json=True, allow_unknown=True)
    printed = json.loads(capsys.readouterr().out)
    assert (code, printed["exit"], printed["verdict"]) == (0, 0, "unknown")


def test_quiet_prints_the_verdict_only(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcome(violated(), as_json=False, quiet=True)
    assert capsys.readouterr().out.count("\n") == 1


def test_an_error_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_error("two\nlines", 4, as_json=False) == 4
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "seatrial: two lines\n")


def test_an_error_is_an_object_too_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("no", 3, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"seatrial": 1, "verdict": "error", "exit": 3, "message": "no"}
