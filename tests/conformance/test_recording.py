"""What a recorder writes, and what a reader makes of files that are whole, torn, or something else."""

import errno
import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reference_impl.apiserver.http import recording as writing
from reference_impl.apiserver.http.recording import BODY_MAX, Recorder, body_of
from tests.conformance import recording
from tests.conformance.__main__ import main
from tests.conformance.life import MAPS, Person, config_map, recorded
from tests.conformance.recording import BadRecording

BINARY = b'{"k": "\xff"}'
HEAD = b'{"seatrial_recording": 1, "of": "x", "at": "2025-05-01T00:00:00Z"}\n'


def _story(person: Person) -> None:
    person.watch(f"{MAPS}?watch=true&resourceVersion=0")
    person.ask("POST", MAPS, config_map("a", k="1"), authorization="Bearer secret")
    person.ask("POST", MAPS, BINARY)
    person.ask("POST", MAPS, config_map("big", k="x" * BODY_MAX))
    person.ask("PATCH", f"{MAPS}/b?fieldManager=me", b"apiVersion: v1\nkind: ConfigMap", "application/apply-patch+yaml")


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    return recorded(tmp_path / "story.jsonl", _story).read_bytes().splitlines(keepends=True)


def _read(tmp_path: Path, content: bytes) -> recording.Recording:
    path = tmp_path / "made.jsonl"
    path.write_bytes(content)
    return recording.read(path)


def test_it_holds_requests_answers_and_events_in_order_and_no_credentials(lines: list[bytes]):
    said = [json.loads(line) for line in lines]
    assert said[0] == {"seatrial_recording": 1, "of": "a server of ours", "at": "2025-05-01T00:00:00+00:00"}
    assert [(each["n"], *(key for key in each if key not in ("n", "at_s"))) for each in said[1:6]] == [
        (1, "request"), (1, "watch"), (2, "request"), (2, "answer"), (1, "event"),
    ]  # fmt: skip
    assert said[3]["request"]["headers"] == {
        "accept": "application/json", "content-type": "application/json", "user-agent": "person/1",
    }  # fmt: skip
    assert said[5]["event"]["json"]["type"] == "ADDED"
    assert said[-1] == {"end_of_recording": 5}
    assert b"secret" not in b"".join(lines)


def test_bodies_come_back_as_they_were_sent(tmp_path: Path, lines: list[bytes]):
    first, second, third, fourth, fifth = _read(tmp_path, b"".join(lines)).exchanges
    assert (first.is_watch, second.body.json["data"], second.status) == (True, {"k": "1"}, 201)
    assert (third.body.sent(), third.status) == (BINARY, 400)
    assert (fourth.body.known, fourth.answer.known) == (False, False)
    assert fifth.body.sent() == b"apiVersion: v1\nkind: ConfigMap"


@pytest.mark.parametrize(
    "content", [b"[1, 2.50, null]", "grün".encode(), b"\xff\x00", b"1" * 30, b'{"a": 1, "a": 2}', b"NaN"]
)
def test_a_body_is_json_or_text_or_bytes_and_never_lost(content: bytes):
    known = recording.body(json.loads(json.dumps(body_of(content))))
    assert known.sent() == content or json.loads(known.sent()) == json.loads(content)
    assert known.is_json == (content == b"[1, 2.50, null]")


def test_a_torn_last_line_is_left_out_and_told(tmp_path: Path, lines: list[bytes]):
    whole = _read(tmp_path, b"".join(lines))
    last = next(number for number, line in enumerate(lines) if line.startswith(b'{"n":5,') and b'"answer"' in line)
    torn = _read(tmp_path, b"".join(lines[:last]) + lines[last][:20])
    assert len(torn.exchanges) == len(whole.exchanges) - 1
    assert [each.partition("made.jsonl")[2] for each in torn.warnings[:2]] == [
        " ends in a torn line, which is left out",
        " ends without its last line: the recorder was killed, and what came after is unknown",
    ]
    assert "has no answer, and is not played" in torn.warnings[2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty. Record something first"),
        (b'{"seatrial_rec', "holds 14 bytes and not one whole line"),
        (b"hello\n", "line 1 is no JSON"),
        (b"[]\n", "line 1 is no JSON object"),
        (b'{"a": 1}\n', "is no recording: its first line has no seatrial_recording"),
        (b'{"seatrial_recording": 1, "of": "x"}\n', "line 1 is not as the format says (KeyError: 'at')"),
        (b'{"seatrial_recording": 2}\n', "is a recording of format 2, and this seatrial reads 1"),
        (HEAD + b"\xff\xfe\n", "line 2 is no JSON"),
        (HEAD + b'{"n": 1, "answer": {"status": 200}}\n', "line 2 is not as the format says"),
        (HEAD + b'{"x": 1}\n', "line 2 is not as the format says (KeyError: 'n')"),
        (HEAD + b'{"end_of_recording": 0}\n{"n": 1}\n', "line 3 comes after the end"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(
    tmp_path: Path, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(BadRecording) as refused:
        _read(tmp_path, content)
    assert words in str(refused.value)
    assert main(["compare", str(tmp_path / "made.jsonl")]) == 4
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_and_a_bad_option_are_bad_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["compare", str(tmp_path / "none")]) == 4
    assert "cannot be read: No such file or directory" in capsys.readouterr().err
    assert main(["compare", "--store", "tape", str(recorded(tmp_path / "r", _story))]) == 4
    assert "--plane tape is none of memory" in capsys.readouterr().err
    assert main(["compare"]) == 4


class _Full(io.BytesIO):
    """A disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_ends_the_recording_once_and_harms_no_request(caplog: pytest.LogCaptureFixture):
    file = _Full(room=100)
    recorder = Recorder(file, of="x", now=lambda: datetime(2025, 5, 1, tzinfo=UTC))
    with caplog.at_level(logging.ERROR, writing._LOG.name):
        for number in range(3):
            recorder.end(number, "closed")
        recorder.close()
    assert len(caplog.messages) == 1
    assert "cannot be written: [Errno 28] No space left on device" in caplog.messages[0]
