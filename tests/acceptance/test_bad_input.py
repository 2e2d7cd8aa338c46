"""Bad input gets one line, the documented exit code, no traceback, and leaves nothing half-written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.project import Project

pytestmark = pytest.mark.slow

USAGE = 4
LIVES = 200
"""Of a controller that is interrupted: each example takes a few."""
UNFINISHED = (".writing-", ".seatrial-", ".replaced-")
"""What temporary files begin with (harness/report_folder.py)."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def _refused(done: "subprocess.CompletedProcess[str]", *words: str, code: int = USAGE) -> None:
    message = done.stderr.strip()
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert message.startswith("seatrial: ")
    assert len(message.splitlines()) == 1, message
    assert "Traceback" not in done.stdout + done.stderr
    for word in words:
        assert word in message, message


def test_a_missing_file(project: Project) -> None:
    _refused(project.seatrial("check", "website:website", "--manifest", "none.yaml"), "none.yaml")


def test_yaml_that_does_not_parse(project: Project) -> None:
    project.write("bad.yaml", "kind: [unclosed")
    _refused(project.seatrial("check", "website:website", "--manifest", "bad.yaml"), "bad.yaml")


def test_an_unknown_kind_without_its_crd(project: Project) -> None:
    _refused(project.seatrial("check", "website:website", "--manifest", "site.yaml"), "Website")


def test_a_resource_that_fails_its_schema(project: Project) -> None:
    project.write("site.yaml", "apiVersion: example.com/v1\nkind: Website\nmetadata: {name: x}\nspec: {size: 99}\n")
    _refused(project.check("website:website"), "spec.size")


@pytest.mark.parametrize("target", ["nosuchmodule:website", "website:nosuchname", "website", "zoo:nosuch"])
def test_a_target_that_cannot_be_imported(project: Project, target: str) -> None:
    _refused(project.check(target), target.rpartition(":")[2])


@pytest.mark.parametrize("target", ["website:nothing", "website:raising"])
def test_a_factory_that_raises_or_returns_nothing(project: Project, target: str) -> None:
    _refused(project.check(target), target.rpartition(":")[2])


@pytest.mark.parametrize("option", ["--fault", "--no-fault", "--property", "--built-ins"])
def test_an_unknown_name(project: Project, option: str) -> None:
    _refused(project.check("website:website", option, "no_such_thing"), "no_such_thing")


def test_a_report_folder_that_cannot_be_written(project: Project) -> None:
    blocked = project.write("file", "")
    _refused(project.check("website:website", "--report-dir", str(blocked / "reports")), "file")


def test_a_resume_file_of_something_else(project: Project) -> None:
    project.write("notes.txt", "buy milk\n")
    manifests = ("--manifest", "crd.yaml", "--manifest", "site.yaml")
    _refused(project.seatrial("sweep", "website:website", *manifests, "--resume", "notes.txt"), "notes.txt", "sweep")
    assert (project.folder / "notes.txt").read_text() == "buy milk\n"


@pytest.mark.parametrize(
    "command",
    [
        ("sweep", "zoo:two-buckets", "--jobs", "0"),
        ("campaign", "zoo:two-buckets", "--workers", "0"),
        ("zoo", "run", "--seeds", "0"),
    ],
)
def test_a_number_that_cannot_work(project: Project, command: tuple[str, ...]) -> None:
    _refused(project.seatrial(*command), command[-1])


def test_a_dask_address_that_nobody_answers(project: Project) -> None:
    _refused(project.seatrial("campaign", "zoo:two-buckets", "--dask", "tcp://127.0.0.1:1"), "tcp://127.0.0.1:1")


def test_an_entry_that_is_not_in_the_zoo(project: Project) -> None:
    _refused(project.seatrial("zoo", "run", "no-such-beast"), "no-such-beast")


def test_code_that_blocks_the_loop_ends_with_3(project: Project) -> None:
    _refused(project.check("website:blocking"), "blocking", "10 s", code=3)


def _schedule(project: Project) -> Path:
    violation = project.check_json("website:wrong", "--examples", "200", "--fault", "reply_lost")["violations"][0]
    return project.folder / violation["schedule"]


def test_a_schedule_that_is_newer_cut_short_or_invalid(project: Project) -> None:
    path = _schedule(project)
    whole = path.read_text()
    path.write_text(json.dumps({**json.loads(whole), "seatrial_schedule": 99}))
    _refused(project.seatrial("replay", str(path)), "newer")
    path.write_text(whole[: len(whole) // 2])
    _refused(project.seatrial("replay", str(path)), "schedule.json")
    broken = json.loads(whole)
    broken["weather"][0]["do"] = "hailstorm"
    path.write_text(json.dumps(broken))
    _refused(project.seatrial("replay", str(path)), "hailstorm")
    broken = json.loads(whole)
    broken["weather"] = [{"do": "pause", "at": "step", "step": 0, "component": "website", "seconds": "soon"}]
    path.write_text(json.dumps(broken))
    _refused(project.seatrial("replay", str(path)), "weather[0] (pause)", "'soon'")
    _refused(project.seatrial("replay", "nowhere.json"), "nowhere.json")


def _wait_for_lives(process: "subprocess.Popen[str]", lives: Path) -> None:
    deadline_wall_s = time.monotonic() + 60
    while not (lives.exists() and lives.stat().st_size >= LIVES):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline_wall_s, "the search made no progress"
        time.sleep(0.05)  # noqa: TID251  # a real process in real time


def test_ctrl_c_keeps_what_was_found_and_ends_with_130(project: Project) -> None:
    command = [str(Path(sys.executable).parent / "seatrial"), "check", "website:counted"]
    command += ["--manifest", "crd.yaml", "--manifest", "site.yaml", "--examples", "100000", "--format", "json"]
    process = subprocess.Popen(
        command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    _wait_for_lives(process, project.folder / "lives")
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    result = json.loads(out)
    assert result["exit"] == 130
    assert result["examples"] > 0
    assert [path for path in project.folder.rglob("*") if path.name.startswith(UNFINISHED)] == []
