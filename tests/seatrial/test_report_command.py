import gzip
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import reports
from harness.errors import UsageError
from harness.report_folder import file_name, write_report
from harness.trace import Trace
from seatrial.command import run
from tests.reports.kept import OLD
from tests.reports.test_index import schedule
from tests.reports.traces import website_trace


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A trace alone in a folder."""
    file = tmp_path / "kept" / "trace.jsonl"
    file.parent.mkdir()
    shutil.copy(OLD[0], file)
    return file


def files_of(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("old", OLD, ids=lambda file: file.stem)
def test_a_trace_of_an_older_version_renders_in_every_format(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(old), "--output", str(tmp_path / "new")]) == 0
    wanted = sorted({file_name(form) for form in reports.FORMATS})
    assert files_of(tmp_path / "new") == wanted
    assert sorted(Path(line).name for line in capsys.readouterr().out.splitlines()) == wanted
    assert all((tmp_path / "new" / name).stat().st_size for name in wanted)


def test_without_format_all_formats_are_written_beside_the_trace(trace: Path) -> None:
    before = trace.read_bytes()
    assert run(["report", str(trace.parent)]) == 0
    assert files_of(trace.parent) == sorted({*(file_name(form) for form in reports.FORMATS), "trace.jsonl"})
    assert trace.read_bytes() == before


def test_with_format_that_one_goes_to_stdout_byte_for_byte(
    trace: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["report", str(trace), "--format", "md"]) == 0
    assert capfdbinary.readouterr().out == reports.markdown.Markdown().render(Trace.from_jsonl(trace.read_bytes()))
    assert files_of(trace.parent) == ["trace.jsonl"]


def test_with_format_and_output_a_file_or_a_folder_gets_it(trace: Path, tmp_path: Path) -> None:
    assert run(["report", str(trace), "--format", "shiviz", "--output", str(tmp_path / "my.log")]) == 0
    assert run(["report", str(trace), "--format", "shiviz", "--output", str(tmp_path)]) == 0
    assert (tmp_path / "my.log").read_bytes() == (tmp_path / "report.shiviz.log").read_bytes()


def test_a_report_that_is_rendered_again_says_what_it_said(tmp_path: Path) -> None:
    kept = website_trace(replay="seatrial replay schedule.json")
    folder = write_report(tmp_path, "website", {**schedule(1, "crash"), "expect": {"property": "converges"}}, kept)
    before = (folder / "report.md").read_bytes()
    assert run(["report", str(folder)]) == 0
    assert (folder / "report.md").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("claim", ["converges", "no_panic"])
def test_of_two_violated_claims_the_one_that_was_reported_is_told_again(claim: str, tmp_path: Path) -> None:
    kept = website_trace(property=claim, replay="seatrial replay schedule.json")
    kept.add(3002.0, "violation", object="Website/default/front", data={"property": "no_panic", "reason": "KeyError"})
    folder = write_report(tmp_path, "website", {**schedule(1, "crash"), "expect": {"property": claim}}, kept)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert f"{claim} is violated".encode() in before["report.md"]
    assert run(["report", str(folder)]) == 0
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_schedule_that_expects_what_was_not_violated_does_not_hide_what_was(tmp_path: Path) -> None:
    folder = write_report(
        tmp_path, "website", {**schedule(1, "crash"), "expect": {"property": "idempotent"}}, website_trace()
    )
    assert run(["report", str(folder)]) == 0
    assert b"converges is violated" in (folder / "report.md").read_bytes()


WHOLE = OLD[0].read_bytes()
LINES = WHOLE.splitlines(keepends=True)

NO_TRACES = {
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "line 1 is not a trace event (not JSON"),
    "other JSON": (b'{"name": "a", "version": "1"}', "line 1 is not a trace event (it has no 'step')"),
    "JSON array": (b"[1, 2]\n", "a list and not an object"),
    "empty": (b"", "is empty"),
    "cut last line": (WHOLE[:-40], "the file was cut off"),
    "cut beginning": (b"".join(LINES[1:]), "step 1 where 0 has its place"),
    "line missing": (b"".join([*LINES[:5], *LINES[6:]]), "line 6 is not a trace event"),
    "gzip": (gzip.compress(WHOLE, mtime=0), "gunzip"),
    "invalid UTF-8": (WHOLE.replace(b'"kind":"note"', b'"kind":"\xff"', 1), "line 1 is not a trace event"),
    "time of day": (WHOLE.replace(b'"time_s":0.0', b'"time_s":"noon"', 1), "time_s is 'noon'"),
    "causes": (WHOLE.replace(b'"caused_by":[]', b'"caused_by":["a"]', 1), "caused_by is ['a']"),
}


@pytest.mark.parametrize(("content", "says"), NO_TRACES.values(), ids=NO_TRACES)
def test_a_file_that_is_no_trace_is_one_line_and_exit_4(
    content: bytes, says: str, trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace.write_bytes(content)
    assert run(["report", str(trace)]) == 4
    error = capsys.readouterr().err
    assert says in error
    assert str(trace) in error
    assert error.count("\n") == 1
    assert files_of(trace.parent) == ["trace.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{dir}/none.jsonl"], "No such file"),
        (["{dir}"], "is a folder without trace.jsonl. There is one in"),
        (["{dir}/empty"], "is a folder without trace.jsonl. Give"),
        (["{trace}", "--format", "pdf"], "there is no such report format. There are: md, "),
        (["{trace}", "--output", "{trace}"], "reports cannot be written to"),
        (["{trace}", "--format", "md", "--output", "{dir}/no/such/file"], "reports cannot be written to"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_4(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trial" / "digest" / "trace.jsonl"
    trace.parent.mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    shutil.copy(OLD[0], trace)
    assert run(["report", *(argument.format(dir=tmp_path, trace=trace) for argument in arguments)]) == 4
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_trace_that_lost_whole_lines_is_not_the_one_of_its_schedule(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = website_trace()
    expect = {"property": "converges", "trace_sha256": kept.sha256()}
    folder = write_report(tmp_path, "website", {**schedule(1, "crash"), "expect": expect}, kept)
    assert run(["report", str(folder)]) == 0
    file = folder / "trace.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-2]))
    assert run(["report", str(folder)]) == 4
    assert "was cut off or changed" in capsys.readouterr().err


def limited(command: list[str], limit: int) -> "subprocess.CompletedProcess[str]":
    """Run with no file allowed to grow over `limit` bytes, as on a disk that is full."""

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit_files,
        env={"PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.mark.slow
def test_on_a_full_disk_the_old_reports_stay_and_nothing_half_written_comes(trace: Path) -> None:
    (trace.parent / "report.md").write_text("old")
    done = limited(["-m", "seatrial", "report", str(trace)], 4_000)
    assert done.returncode == 4, done.stderr
    assert "reports cannot be written to" in done.stderr
    assert done.stderr.count("\n") == 1
    assert files_of(trace.parent) == ["report.md", "trace.jsonl"]
    assert (trace.parent / "report.md").read_text() == "old"


@pytest.mark.slow
def test_on_a_full_disk_a_find_leaves_no_half_written_folder(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from harness.report_folder import write_report\n"
        "from harness.trace import Trace\n"
        "write_report(Path(sys.argv[1]), 'website', {}, Trace.from_jsonl(Path(sys.argv[2]).read_bytes()))"
    )
    done = limited(["-c", program, str(tmp_path / "r"), str(OLD[0])], 4_000)
    assert "UsageError: reports cannot be written to" in done.stderr
    assert [file for file in (tmp_path / "r").rglob("*") if file.is_file()] == []


DIES = """
import os, sys
from pathlib import Path
from harness import report_folder
from harness.trace import Trace

write, left = report_folder._write_through, [3]

def die_in_the_middle(file, content):
    left[0] -= 1
    write(file, content if left[0] else content[: len(content) // 2])
    if not left[0]:
        os.kill(os.getpid(), 9)

report_folder._write_through = die_in_the_middle
if sys.argv[1] == "find":
    report_folder.write_report(Path(sys.argv[3]), "website", {}, Trace.from_jsonl(Path(sys.argv[2]).read_bytes()))
else:
    from seatrial.report_command import render
    render(sys.argv[2], form=None, output=sys.argv[3])
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["find", "report"])
def test_a_process_that_is_killed_leaves_nothing_that_looks_like_a_report(what: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIES, what, str(OLD[0]), str(tmp_path / "r")], check=False)
    assert done.returncode == -9
    shown = [file for file in (tmp_path / "r").rglob("*") if not any(part.startswith(".") for part in file.parts)]
    assert [file for file in shown if file.is_file()] == []


@pytest.mark.slow
def test_a_full_device_is_a_usage_error_and_stays_a_device(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    device = Path("/dev/full")
    if not device.is_char_device():
        pytest.skip("this system has no /dev/full")
    assert run(["report", str(trace), "--format", "md", "--output", str(device)]) == 4
    assert "No space left on device" in capsys.readouterr().err
    assert device.is_char_device()


def test_a_trace_that_was_read_is_written_as_it_was() -> None:
    assert Trace.from_jsonl(WHOLE).to_jsonl() == WHOLE


def test_reading_names_the_file_that_was_given() -> None:
    with pytest.raises(UsageError, match=r"my\.jsonl is empty"):
        Trace.from_jsonl(b"", name="my.jsonl")


def test_who_reads_a_report_while_it_is_replaced_reads_the_old_one_whole(trace: Path) -> None:
    report = trace.with_name("report.md")
    report.write_text("old")
    with report.open() as reader:
        assert run(["report", str(trace)]) == 0
        assert reader.read() == "old"
    assert report.read_text() != "old"
