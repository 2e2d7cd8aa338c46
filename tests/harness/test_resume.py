"""The file of a sweep's results: what is there is never lost, and what is no such file is never touched."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.points import Tried
from harness.resume import ResumeFile

HEADER: dict[str, Any] = {
    "seatrial_sweep": 1,
    "trial": {"seed": 0},
    "code_digest": "d",
    "versions": {"seatrial": "1", "trio": "2"},
    "points": 3,
}


@contextmanager
def no_room() -> Iterator[None]:
    """No file can grow past its first byte."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file with one result."""
    path = tmp_path / "sweep.jsonl"
    with ResumeFile(path, HEADER) as store:
        store.keep("attempt", Tried(name="crash/1", struck=True, found=[("converges", "k", [])]))
    return path


def test_what_was_kept_is_known_the_next_time(kept: Path) -> None:
    with ResumeFile(kept, HEADER) as store:
        store.keep("attempt", Tried(name="crash/2"))
        assert store.known["attempt"]["crash/1"].found == [("converges", "k", [])]
    with ResumeFile(kept, HEADER) as store:
        assert list(store.known["attempt"]) == ["crash/1", "crash/2"]


@pytest.mark.parametrize("text", ['{"my": "only copy"}', "once upon a time", "[]", "\r"])
def test_a_file_of_something_else_is_left_alone_even_if_it_has_no_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    file.write_bytes(text.encode())
    with pytest.raises(UsageError, match="is no file of a sweep"):
        ResumeFile(file, HEADER)
    assert file.read_bytes() == text.encode()


@pytest.mark.parametrize("torn", [0, 1, 20])
def test_a_file_whose_first_line_was_being_written_begins_anew(torn: int, tmp_path: Path) -> None:
    new, old = tmp_path / "new.jsonl", tmp_path / "old.jsonl"
    with ResumeFile(new, HEADER):
        pass
    old.write_bytes(new.read_bytes()[:torn])
    with ResumeFile(old, HEADER):
        pass
    assert old.read_bytes() == new.read_bytes()


def test_results_are_never_out_of_the_file_while_it_is_opened(kept: Path) -> None:
    before = kept.read_bytes()
    kept.write_bytes(before + b'{"what": "att')
    with no_room(), ResumeFile(kept, HEADER):
        pass
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [
        {"what": "attempt", "tried": "x"},
        {"what": "attempt", "tried": {"name": "crash/2", "tally": None}},
        {"what": "nothing", "tried": {"name": "crash/2", "tally": {}}},
        {"what": "attempt"},
        [],
    ],
)
def test_a_line_of_something_else_is_bad_input(line: Any, kept: Path) -> None:
    text = kept.read_bytes() + json.dumps(line).encode() + b"\n"
    kept.write_bytes(text)
    with pytest.raises(UsageError, match="is no file of a sweep"):
        ResumeFile(kept, HEADER)
    assert kept.read_bytes() == text


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"trial": {"seed": 1}, "versions": {"trio": "3"}}, "trial"),
        ({"versions": {"seatrial": "1", "trio": "3"}}, r"version of trio \(2, now 3\)"),
        ({"code_digest": "e"}, "version of the controller"),
    ],
)
def test_what_has_changed_is_named(changed: dict[str, Any], what: str, kept: Path) -> None:
    with pytest.raises(UsageError, match=f"is of another {what}. Give another file"):
        ResumeFile(kept, {**HEADER, **changed})


def test_a_file_from_before_versions_were_kept_is_of_another_version(kept: Path) -> None:
    older = {name: value for name, value in HEADER.items() if name != "versions"}
    kept.write_text(json.dumps(older) + "\n")
    with pytest.raises(UsageError, match=r"version of seatrial \(unknown, now 1\), trio \(unknown, now 2\)"):
        ResumeFile(kept, HEADER)
