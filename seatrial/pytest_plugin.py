"""The pytest plugin: options for `check()` calls made inside tests, and failures short enough to read.

A test calls `check(Trial(...))` like any function. This plugin hands the command line to it (the command line beats
code, code beats defaults), tells it which test is running, so that a trial built from lambdas can name
`pytest NODEID --seatrial-replay FILE` as its replay command, and cuts a failed trial's output to the story.

A failed trial also leaves its facts as JUnit properties (`--junitxml`), and its report on the page of a GitHub job.

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
from seatrial.step_summary import append as append_to_step_summary

STORY_LINES = 25
"""Of a failed trial's text at most this many lines are shown; the report on disk has the rest."""

CLOSING_LINES = 5
"""Of a text that is cut, this many lines are kept at its end: where the report is, and how to replay it."""

PROPERTY_PREFIX = "seatrial_"
"""Of the JUnit properties of a failed trial."""

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
    group.addoption(
        "--seatrial-no-step-summary",
        action="store_true",
        help="on GitHub Actions, do not append the reports of failed trials to the job's page",
    )
    parser.addini(
        "seatrial_step_summary",
        "on GitHub Actions ($GITHUB_STEP_SUMMARY is set): append the reports of failed trials to the job's page",
        type="bool",
        default=True,
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


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Reports are evidence, not tests: the test_regression.py of a report folder runs where it is named, or where it
    was copied to without the trace beside it."""
    found = collection_path.name == "test_regression.py" and collection_path.with_name("trace.jsonl").exists()
    return True if found else None


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
        if not self.given and "harness.overrides" not in sys.modules:
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
        _hand_over(item, report, getattr(call.excinfo.value, "outcome", None))
    return report


def _is_verdict(error: BaseException) -> bool:
    """`TrialFailed` or `TrialInconclusive`, without importing the harness for every failing test of the world."""
    errors = sys.modules.get("harness.errors")
    return errors is not None and isinstance(error, (errors.TrialFailed, errors.TrialInconclusive))


def _hand_over(item: pytest.Item, report: pytest.TestReport, outcome: Any) -> None:
    """The facts of a failed trial to whoever looks at many runs: JUnit readers, and the page of a CI job."""
    violations = list(outcome.violations) if outcome is not None else []
    mine = [fact for violation in violations for fact in _facts(violation, outcome)]
    # The teardown's report, from which --junitxml takes properties, is made of the item's; a rerun begins anew.
    others = [fact for fact in item.user_properties if not fact[0].startswith(PROPERTY_PREFIX)]
    item.user_properties[:] = [*others, *mine]
    report.user_properties = list(item.user_properties)
    if item.config.getoption("seatrial_no_step_summary") or not item.config.getini("seatrial_step_summary"):
        return
    for violation in violations:
        problem = append_to_step_summary(_page(violation), f"`{violation.property}` violated: {violation.report_path}")
        if problem is not None:
            report.sections.append(("seatrial", f"no report on the job's page: {problem}"))


def _facts(violation: Any, outcome: Any) -> list[tuple[str, str]]:
    facts = {
        "property": violation.property,
        "reason": violation.reason,
        "report": violation.report_path,
        "replay": violation.replay,
        "seed": outcome.seed,
    }
    return [(f"{PROPERTY_PREFIX}{name}", str(value)) for name, value in facts.items()]


def _page(violation: Any) -> str:
    """The report as Markdown: of its folder, or what is known where none was written."""
    file = Path(violation.report_path).parent / "report.md"
    if violation.report_path and file.is_file():
        return file.read_text(encoding="utf-8", errors="replace")
    quoted = "\n".join(f"    {line}" for line in (violation.narrative or violation.reason).splitlines())
    return f"# `{violation.property}` violated\n\n{quoted}"


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
