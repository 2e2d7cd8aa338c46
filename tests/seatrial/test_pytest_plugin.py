import sys
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
