"""The pytest plugin: options for `check()` calls made inside tests, and failures short enough to read.

A test calls `check(Trial(...))` like any function. This plugin hands the command line to it (the command line beats
code, code beats defaults), tells it which test is running, so that a trial built from lambdas can name
`pytest NODEID --seatrial-replay FILE` as its replay command, and cuts a failed trial's output to the story.

It is loaded by every pytest run of an environment that has seatrial, so it imports nothing of the harness until a test
did, or an option was given. Under xdist each worker gets the same options and works alone; report folders are written
under a temporary name and renamed, so that workers cannot meet.
"""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from seatrial.distribution import shadowed_package

STORY_LINES = 25
"""Of a failed trial's text at most this many lines are shown; the report on disk has the rest."""

CLOSING_LINES = 5
"""Of a text that is cut, this many lines are kept at its end: where the report is, and how to replay it."""

OPTIONS = ("examples", "profile", "seed", "report_dir", "replay")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("seatrial", "chaos checks of Kubernetes-style controllers")
    group.addoption(
        "--seatrial-examples", type=int, metavar="N", help="examples of each check(), whatever the code says"
    )
    group.addoption(
        "--seatrial-profile",
        choices=("kubernetes", "hostile"),
        help="weather of each check(): what real Kubernetes can do, or worse",
    )
    group.addoption("--seatrial-seed", type=int, metavar="N", help="seed of each check()")
    group.addoption("--seatrial-report-dir", metavar="DIR", help="where failed trials leave their reports")
    group.addoption(
        "--seatrial-replay", metavar="FILE", help="instead of searching, run this schedule.json in each check()"
    )


def pytest_configure(config: pytest.Config) -> None:
    if message := shadowed_package():
        raise pytest.UsageError(f"seatrial: {message}")
    options = {name: config.getoption(f"seatrial_{name}") for name in OPTIONS}
    if options["examples"] is not None and options["examples"] < 1:
        raise pytest.UsageError(
            f"seatrial: --seatrial-examples {options['examples']} checks nothing: give at least 1, "
            "or deselect the test to leave it out."
        )
    here = config.invocation_params.dir
    for name in ("report_dir", "replay"):
        if options[name] is not None:
            options[name] = str(here / options[name])
    if options["replay"] is not None and not Path(options["replay"]).is_file():
        raise pytest.UsageError(
            f"seatrial: --seatrial-replay {options['replay']}: no such file. Give the schedule.json of a report folder."
        )
    config.pluginmanager.register(CommandLine(options), "seatrial-command-line")


class CommandLine:
    """Hands the options and the running test's node id to `check()`, through `harness.overrides.OVERRIDES`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.given = {name: value for name, value in options.items() if value is not None}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._override(item.nodeid)
        try:
            return (yield)
        finally:
            self._override(None)

    def _override(self, nodeid: str | None) -> None:
        if not self.given and "harness.check" not in sys.modules:
            return  # this test did not import seatrial: leave it alone
        from harness.overrides import OVERRIDES

        for name, value in self.given.items():
            setattr(OVERRIDES, name, value if nodeid else None)
        OVERRIDES.nodeid = nodeid


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and _is_verdict(call.excinfo.value):
        report.longrepr = _story(item, call.excinfo)
    return report


def _is_verdict(error: BaseException) -> bool:
    """`TrialFailed` or `TrialInconclusive`, without importing the harness for every failing test of the world."""
    errors = sys.modules.get("harness.errors")
    return errors is not None and isinstance(error, (errors.TrialFailed, errors.TrialInconclusive))


def _story(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
    """The test's own lines, then the story: no frames of the harness, nothing said twice."""
    text = cut(str(excinfo.value), STORY_LINES)
    own = [entry for entry in excinfo.traceback if Path(entry.path) == item.path]
    represented = excinfo.getrepr(
        style="short", chain=False, tbfilter=lambda shown: type(shown.traceback)(own or shown.traceback[:1])
    )
    last = represented.reprtraceback.reprentries[-1]
    lines = getattr(last, "lines", None)
    if lines is not None:  # not so for --tb=native and the like
        lines[:] = [line for line in lines if not line.startswith("E ")]
        lines.extend(f"E   {line}".rstrip() for line in text.splitlines())
    if represented.reprcrash is not None:  # the short summary: the verdict, not the name of an exception class
        represented.reprcrash.message = text.partition("\n")[0]
    return represented


def cut(text: str, limit: int) -> str:
    """At most `limit` lines of `text`: its beginning and its last lines, with a line that counts what is left out."""
    lines = text.splitlines()
    if len(lines) <= limit:
        return text
    opening = limit - CLOSING_LINES - 1
    left_out = len(lines) - opening - CLOSING_LINES
    return "\n".join([*lines[:opening], f"... {left_out} lines more in the report", *lines[-CLOSING_LINES:]])
