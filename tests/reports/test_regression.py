"""`test_regression.py`: readable, harmless whatever it quotes, red before the fix and green after it."""

import ast
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.trace import Trace
from reports.regression import Regression
from tests.acceptance.project import Project
from tests.reports.traces import trace_of, website_trace

HOSTILE = [
    '"""\nimport os; os.abort()\n"""',
    "'); import os; os.abort(); ('",
    "\\",
    '\\"""',
    '"' * 7,
    "\u202eevil\u2028line\x00\x1b[31m",
    "\ud800",
    "class def lambda <lambda>",
    "{0.__class__} %s {name}",
    "",
    "x" * 100_000,
]
REPLAY_IN_TEST = "pytest 'tests/test_site.py::test_front[a b]' --seatrial-replay schedule.json"


def _trace(target: str, claim: str, reason: str, replay: str = "") -> Trace:
    violation = {"at": 3001.5, "kind": "violation", "property": claim, "reason": reason}
    return trace_of({"kind": "note", "target": target}, violation, header={"replay": replay} if replay else {})


def _shape(source: bytes) -> str:
    """The code without the words in it: no string, and no name of a test."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        elif isinstance(node, ast.FunctionDef):
            assert node.name.startswith("test_")
            node.name = "test"
    return ast.dump(tree)


def _docstring(trace: Trace) -> str:
    return ast.get_docstring(ast.parse(Regression().render(trace))) or ""


# ------------------------------------------------------------------------------------------------------------- the file


def test_it_says_what_was_violated_and_when_and_how_to_keep_it() -> None:
    text = " ".join(_docstring(website_trace(target="website:website")).split())
    assert text.startswith("website:website violates converges.")
    assert "After 3,001.500 virtual seconds: Website default/front has no Service." in text
    assert "copy this file and schedule.json" in text


def test_it_is_named_after_target_and_property_and_finds_its_schedule_beside_it() -> None:
    source = Regression().render(website_trace(target="website:website")).decode()
    assert "def test_website_website_converges() -> None:\n    check_regression(SCHEDULE)\n" in source
    assert 'SCHEDULE = Path(__file__).with_name("schedule.json")' in source


def test_the_same_trace_gives_the_same_bytes_also_from_disk() -> None:
    trace = _trace("website:website", "converges", "it does not")
    assert Regression().render(Trace.from_jsonl(trace.to_jsonl())) == Regression().render(trace)


def test_a_run_without_a_violation_gives_a_test_too() -> None:
    trace = trace_of({"kind": "note", "target": "website:website"})
    assert "Nothing was violated by website:website" in _docstring(trace)
    assert _shape(Regression().render(trace)) == _shape(Regression().render(website_trace()))


def test_lines_are_short_enough_to_read() -> None:
    source = Regression().render(website_trace(target="website:website", property="converges")).decode()
    assert max(len(line) for line in source.splitlines()) <= 100


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("replay", ["", REPLAY_IN_TEST])
def test_hostile_names_and_reasons_are_words_and_never_code(text: str, replay: str) -> None:
    harmless = _shape(Regression().render(_trace("a:b", "converges", "why", replay)))
    for words in ((text, "c", "r"), ("t", text, "r"), ("t", "c", text)):
        source = Regression().render(_trace(*words, replay))
        assert _shape(source) == harmless
        assert len(source) < 4000


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_node_id_is_words_and_never_code(text: str) -> None:
    replay = f"pytest {shlex.quote(text)} --seatrial-replay schedule.json"
    assert _shape(Regression().render(_trace("t", "c", "r", replay))) == _shape(
        Regression().render(_trace("t", "c", "r", REPLAY_IN_TEST))
    )


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_text_at_all_changes_the_code(target: str, claim: str, reason: str) -> None:
    assert _shape(Regression().render(_trace(target, claim, reason))) == _shape(
        Regression().render(_trace("a:b", "converges", "why"))
    )


def test_a_trial_that_no_file_can_hold_is_asked_for_by_the_test_that_builds_it() -> None:
    trace = _trace("tests.test_site:<lambda>", "converges", "it does not", REPLAY_IN_TEST)
    source = Regression().render(trace).decode()
    assert "tests/test_site.py::test_front[a b]" in " ".join(_docstring(trace).split())
    assert "TRIAL: Trial | None = None  # paste Trial(...) here, from tests/test_site.py::test_front[a b]" in source
    assert "check_regression(SCHEDULE, TRIAL)" in source


def test_until_that_trial_is_pasted_the_test_fails_and_says_what_to_paste(tmp_path: Path) -> None:
    trace = _trace("tests.test_site:<lambda>", "converges", "it does not", REPLAY_IN_TEST)
    (tmp_path / "test_regression.py").write_bytes(Regression().render(trace))
    done = _pytest(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "give TRIAL in this file the Trial(...) of tests/test_site.py::test_front[a b]" in done.stdout


# ------------------------------------------------------------------------------------------------- a stranger's project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Where `seatrial check` has found the bug, and its test was copied among the project's tests."""
    project = Project(tmp_path_factory.mktemp("project"))
    violation = project.check_json("website:wrong", "--examples", "200", "--fault", "reply_lost")["violations"][0]
    found, kept = project.folder / Path(violation["schedule"]).parent, project.folder / "regressions"
    kept.mkdir()
    for name in ("test_regression.py", "schedule.json"):
        (kept / name).write_bytes((found / name).read_bytes())
    return project


@pytest.fixture
def controllers(project: Project) -> Any:
    """The controllers' file, as it was at first."""
    file = project.folder / "website.py"
    before = file.read_text(encoding="utf-8")
    yield file
    file.write_text(before, encoding="utf-8")


@pytest.mark.slow
def test_it_fails_on_the_wrong_controller_with_the_story(project: Project) -> None:
    done = _pytest(project.folder, "regressions")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "reply_lost" in done.stdout
    assert "VIOLATED " in done.stdout
    assert "replay: seatrial replay" in done.stdout


@pytest.mark.slow
def test_it_passes_once_the_controller_is_fixed(project: Project, controllers: Path) -> None:
    wrong = "reconcile=Wrong(client).reconcile"
    text = controllers.read_text(encoding="utf-8")
    assert wrong in text
    controllers.write_text(text.replace(wrong, "reconcile=WebsiteReconciler(client).reconcile"), encoding="utf-8")
    done = _pytest(project.folder, "regressions")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_it_fails_when_the_bug_is_only_moved_to_another_request(project: Project, controllers: Path) -> None:
    """The recorded schedule would pass: what it strikes is not sent any more."""
    moved = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})\n        made'
    text = controllers.read_text(encoding="utf-8")
    assert moved in text
    controllers.write_text(text.replace(moved, moved.replace("ConfigMap", "Secret")), encoding="utf-8")
    replayed = project.seatrial("replay", "regressions/schedule.json")
    assert replayed.returncode == 2, replayed.stdout + replayed.stderr
    done = _pytest(project.folder, "regressions")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "one of its neighbours does" in done.stdout


def _pytest(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # As a console script: the current directory is not on the import path of its own.
    command = [str(Path(sys.executable).parent / "pytest"), "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
