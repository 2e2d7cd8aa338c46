import json
import subprocess
import sys
from typing import Any

import pytest

from harness.errors import NonDeterminismError, UsageError
from seatrial import command
from tests.seatrial.outcomes import outcome, violated


def stub(monkeypatch: pytest.MonkeyPatch, result: Any, name: str = "run_check") -> list[dict[str, Any]]:
    """Replace the run itself; returns the settings of each call."""
    calls: list[dict[str, Any]] = []

    def run_it(_trial: Any, **settings: Any) -> Any:
        calls.append(settings)
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(command, "trial_of", lambda target, typed: (target, typed))
    monkeypatch.setattr(command, name, run_it)
    return calls


def run(*arguments: str) -> int:
    path = list(sys.path)
    try:
        return command.run(list(arguments))
    finally:
        sys.path[:] = path


def test_help_costs_nothing_and_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert run("--help") == 0
    assert "check" in capsys.readouterr().out


def test_only_commands_that_work_exist() -> None:
    there = ["campaign", "check", "demo", "faults", "kinds", "patterns"]
    there += ["properties", "replay", "report", "serve", "sweep", "zoo"]
    assert sorted(command.commands.commands) == there


@pytest.mark.parametrize(("verdict", "code"), [("holds", 0), ("violated", 1), ("unknown", 2), ("error", 3)])
def test_check_ends_with_the_verdicts_code(verdict: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, outcome(verdict))
    assert run("check", "website:website") == code


def test_check_hands_its_settings_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = stub(monkeypatch, outcome())
    run("check", "website:website", "--examples", "7", "--budget-s", "1.5", "--report-dir", "here", "--quiet")
    assert calls == [
        {
            "title": "website:website",
            "quiet": True,
            "examples": 7,
            "report_dir": "here",
            "budget_wall_s": 1.5,
            "jobs": 1,
            "fresh": False,
        }
    ]


def test_campaign_hands_its_settings_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = stub(monkeypatch, outcome(), name="run_campaign")
    run("campaign", "website:website", "--dask", "tcp://there:8786", "--examples", "7", "--report-dir", "here")
    assert calls == [
        {
            "title": "website:website",
            "quiet": False,
            "workers": None,
            "dask": "tcp://there:8786",
            "examples": 7,
            "report_dir": "here",
            "budget_wall_s": None,
        }
    ]


@pytest.mark.parametrize("option", ["--workers", "--examples", "--budget-s"])
def test_a_campaign_of_nothing_is_a_usage_error(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("campaign", "website:website", option, "0") == 4
    assert option in capsys.readouterr().err


def test_json_prints_exactly_one_object(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stub(monkeypatch, violated())
    assert run("check", "website:website", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["violations"][0]["replay"] == "seatrial replay r/schedule.json"


def test_an_unknown_option_is_a_usage_error_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "website:website", "--exmples", "3") == 4
    captured = capsys.readouterr()
    assert captured.err.startswith("seatrial: No such option '--exmples'")
    assert captured.err.count("\n") == 1


def test_a_usage_error_is_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--format", "json") == 4
    assert json.loads(capsys.readouterr().out)["verdict"] == "error"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("TARGET 'x' is nothing"), 4),
        (NonDeterminismError("two runs differ"), 3),
        (RuntimeError("a bug\nof ours"), 3),
        (SystemExit("a controller left"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_whatever_goes_wrong_is_one_line_and_a_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub(monkeypatch, error)
    assert run("check", "website:website") == code
    captured = capsys.readouterr()
    assert captured.err.strip().count("\n") == 0
    assert "Traceback" not in captured.err
    assert "before anything was found" not in captured.err  # reports may have been written
    assert captured.out == ""


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stub(monkeypatch, RuntimeError("a bug of ours"))
    assert run("check", "website:website", "--debug") == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_shadowed_package_ends_with_4(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "shadowed_package", lambda: "/x/harness stands in front")
    assert run("kinds") == 4
    assert "/x/harness" in capsys.readouterr().err


def test_a_target_that_cannot_be_imported_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "no_such_module_of_mine:website") == 4
    assert "no_such_module_of_mine" in capsys.readouterr().err


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error() -> None:
    pipeline = f"{sys.executable} -m seatrial kinds --format json | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipeline], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
