import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seatrial.pytest_plugin import CommandLine, cut

pytest_plugins = ["pytester"]

FAILING = """
from harness.errors import TrialFailed

def check():
    raise TrialFailed("\\n".join([f"line {n}" for n in range(60)] + ["replay: seatrial replay x"]), None)

def test_website():
    check()
"""

VIOLATED = """
import pytest
from pathlib import Path
from harness.errors import TrialFailed
from tests.seatrial.outcomes import violated

def fail(number):
    outcome = violated(seed=7)
    folder = Path(FOLDER) / str(number)
    folder.mkdir(parents=True)
    (folder / "report.md").write_text(f"# report {number}\\n" + "x" * SIZE)
    outcome.violations[0].report_path = str(folder / "report.html")
    raise TrialFailed("the story", outcome)

@pytest.mark.parametrize("number", range(4))
def test_website(number):
    fail(number)
"""


def violated_tests(folder: Path, size: int = 0) -> str:
    """Four tests whose trials fail, each with a report of so many bytes."""
    return VIOLATED.replace("FOLDER", repr(str(folder))).replace("SIZE", str(size))


def junit_properties(file: Path) -> list[dict[str, str]]:
    """Of each test case."""
    cases = ElementTree.parse(file).iter("testcase")
    return [{item.get("name", ""): item.get("value", "") for item in case.iter("property")} for case in cases]


@pytest.fixture
def overrides(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands for `harness.overrides.OVERRIDES`."""
    values = SimpleNamespace(examples=None, profile=None, seed=None, report_dir=None, replay=None, nodeid=None)
    monkeypatch.setitem(sys.modules, "harness.overrides", SimpleNamespace(OVERRIDES=values))
    return values


def during(plugin: CommandLine, overrides: Any, nodeid: str) -> dict[str, Any]:
    """What `check()` sees while a test runs."""
    item: Any = SimpleNamespace(nodeid=nodeid)
    protocol: Any = plugin.pytest_runtest_protocol(item)
    next(protocol)
    seen = dict(vars(overrides))
    with pytest.raises(StopIteration):
        protocol.send(None)
    return seen


def test_the_command_line_reaches_check_while_a_test_runs(overrides: Any) -> None:
    plugin = CommandLine({"examples": 7, "seed": 0, "profile": None})
    seen = during(plugin, overrides, "test_a.py::test_a")
    assert (seen["examples"], seen["seed"], seen["profile"], seen["nodeid"]) == (7, 0, None, "test_a.py::test_a")


def test_nothing_is_left_behind_after_a_test(overrides: Any) -> None:
    during(CommandLine({"examples": 7}), overrides, "test_a.py::test_a")
    assert (overrides.examples, overrides.nodeid) == (None, None)


def test_a_failed_trial_shows_its_story_and_not_the_harness(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    story = [line for line in result.outlines if line.startswith("E ")]
    assert len(story) <= 25
    assert "E   line 0" in story
    assert story[-1] == "E   replay: seatrial replay x"
    result.assert_outcomes(failed=1)


def test_the_summary_line_names_the_failure(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-rf")
    result.stdout.fnmatch_lines(["FAILED *::test_website - line 0"])


def test_other_failures_look_as_always(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_a():\n    assert 1 == 2")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").stdout.fnmatch_lines(["E       assert 1 == 2"])


@pytest.mark.slow
def test_the_story_survives_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess("-n", "1", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["E   line 0", "E   replay: seatrial replay x"])


@pytest.mark.parametrize(
    "arguments", [["--seatrial-examples=0"], ["--seatrial-profile=mild"], ["--seatrial-replay=no/such.json"]]
)
def test_a_value_that_cannot_work_is_a_usage_error(arguments: list[str], pytester: pytest.Pytester) -> None:
    assert pytester.runpytest_inprocess(*arguments).ret == pytest.ExitCode.USAGE_ERROR


def test_a_cut_text_keeps_both_ends_and_counts_the_rest() -> None:
    lines = cut("\n".join(str(n) for n in range(100)), 25).splitlines()
    assert len(lines) == 25
    assert lines[0] == "0"
    assert lines[19] == "... 76 lines more in the report"
    assert lines[-1] == "99"


def test_a_short_text_is_not_cut() -> None:
    assert cut("a\nb", 25) == "a\nb"


@pytest.mark.slow
@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_junit_says_what_was_violated_and_how_to_see_it_again(
    processes: tuple[str, ...], pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pytester.makepyfile(violated_tests(tmp_path / "reports"))
    result = pytester.runpytest_subprocess(*processes, "--junitxml=junit.xml", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=4)
    found = junit_properties(pytester.path / "junit.xml")
    assert len(found) == 4
    assert {facts.pop("seatrial_report") for facts in found} == {
        str(tmp_path / "reports" / str(number) / "report.html") for number in range(4)
    }
    assert found == 4 * [
        {
            "seatrial_property": "converges",
            "seatrial_reason": "no Service",
            "seatrial_replay": "seatrial replay r/schedule.json",
            "seatrial_seed": "7",
        }
    ]
    summary = (tmp_path / "summary.md").read_text()
    assert sorted(line for line in summary.splitlines() if line) == [f"# report {number}" for number in range(4)]


@pytest.mark.parametrize("off", ["option", "setting", "no GitHub"])
def test_the_step_summary_can_be_left_alone(
    off: str, pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary) if off != "no GitHub" else "")
    pytester.makepyfile(violated_tests(tmp_path / "reports"))
    if off == "setting":
        pytester.makeini("[pytest]\nseatrial_step_summary = false")
    arguments = ["--seatrial-no-step-summary"] if off == "option" else []
    pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments).assert_outcomes(failed=4)
    assert not summary.exists()


def test_the_step_summary_stays_below_what_github_takes(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    pytester.makepyfile(violated_tests(tmp_path / "reports", size=400_000))
    pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert summary.stat().st_size < 1024 * 1024
    text = summary.read_text()
    assert [f"# report {number}" in text for number in range(4)] == [True, True, False, False]
    assert f"`converges` violated: {tmp_path / 'reports' / '3' / 'report.html'}" in text


def test_a_step_summary_that_cannot_be_written_fails_no_test(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such" / "file"))
    pytester.makepyfile(violated_tests(tmp_path / "reports"))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["no report on the job's page: *No such file*"])


def test_a_report_folders_regression_test_runs_only_where_it_is_named(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "seatrial-reports" / "website" / "0123456789ab"
    folder.mkdir(parents=True)
    (folder / "test_regression.py").write_text("def test_it(): assert False")
    (folder / "trace.jsonl").write_text("")
    pytester.makepyfile("def test_mine(): pass")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", str(folder / "test_regression.py")).assert_outcomes(
        failed=1
    )
    (folder / "trace.jsonl").unlink()  # as where it was copied to
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1, failed=1)
