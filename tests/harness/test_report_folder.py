import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import registry
from harness.errors import UsageError
from harness.report_folder import assert_writable, write_report
from harness.trace import Trace


@pytest.fixture(autouse=True)
def _formats(monkeypatch: pytest.MonkeyPatch) -> None:
    markdown = SimpleNamespace(name="md", suffix=".md", render=lambda trace: f"{len(trace.events)} events".encode())
    monkeypatch.setattr(registry, "reports", lambda: (markdown,))


def trace() -> Trace:
    found = Trace()
    found.add(0.0, "note")
    return found


def test_a_report_holds_the_schedule_the_trace_and_every_format(tmp_path: Path) -> None:
    folder = write_report(tmp_path / "reports", "website:website", {"b": 1, "a": 2}, trace())
    assert folder.parent == tmp_path / "reports" / "website-website"
    assert sorted(os.listdir(folder)) == ["report.md", "schedule.json", "trace.jsonl"]
    assert (folder / "schedule.json").read_text() == '{\n "a": 2,\n "b": 1\n}\n'
    assert json.loads((folder / "trace.jsonl").read_text())["kind"] == "note"
    assert (folder / "report.md").read_bytes() == b"1 events"


def test_the_same_finding_replaces_its_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    first = write_report(tmp_path, "t", {"a": 1}, trace())
    (first / "stale").write_text("")
    assert write_report(tmp_path, "t", {"a": 1}, trace()) == first
    assert write_report(tmp_path, "t", {"a": 2}, trace()) != first
    assert not (first / "stale").exists()
    assert len(os.listdir(first.parent)) == 2


def test_a_format_that_fails_leaves_no_half_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def render(trace: Trace) -> bytes:
        raise RuntimeError("no")

    monkeypatch.setattr(registry, "reports", lambda: (SimpleNamespace(name="x", suffix=".x", render=render),))
    with pytest.raises(RuntimeError):
        write_report(tmp_path, "t", {}, trace())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["../escape", "a/b", "", "...", "zoo:stale.fixed"])
def test_a_trial_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    folder = write_report(tmp_path / "in", name, {}, trace())
    assert folder.parent.parent == tmp_path / "in"


def test_an_impossible_folder_is_found_out_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"reports cannot be written to .*file"):
        assert_writable(tmp_path / "file" / "x")
    with pytest.raises(UsageError, match=r"reports cannot be written to .*file"):
        write_report(tmp_path / "file", "t", {}, trace())


def test_a_writable_folder_is_created_and_left_empty(tmp_path: Path) -> None:
    assert_writable(tmp_path / "new" / "deep")
    assert os.listdir(tmp_path / "new" / "deep") == []
