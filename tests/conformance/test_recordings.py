"""The recordings that are kept here replay, each with no more than its known differences."""

from pathlib import Path

import pytest

from reference_impl.store.memory import MemoryStore
from tests.conformance import known, recording
from tests.conformance.clients import FOLDER, LIVES
from tests.conformance.known import judge
from tests.conformance.replay import compare
from tests.conformance.stories import STORIES

FILES = sorted(FOLDER.glob("*.jsonl"))
REAL = sorted(FOLDER.glob("real-*/*.jsonl"))


def test_each_client_that_can_be_recorded_is() -> None:
    assert {path.stem for path in FILES} >= set(LIVES)


def test_each_story_is_recorded_of_a_real_server() -> None:
    assert {path.stem for path in REAL} == set(STORIES)
    assert all(recording.read(path).of.startswith("v1.") for path in REAL)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_kept_recording_replays(path: Path) -> None:
    assert _played(path) >= 20


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_a_real_server_answers_as_ours_but_for_the_known_differences(path: Path) -> None:
    assert _played(path) >= 14


def _played(path: Path) -> int:
    """Requests that were played, without another difference than the known ones, each of which is still there."""
    found = recording.read(path)
    outcome = compare(found, MemoryStore())
    entries = path.with_suffix(".toml")
    judged = judge(outcome.differences, known.read(entries) if entries.exists() else [])
    assert [str(each) for each in judged.unknown] == []
    assert [str(each) for each in judged.unused] == []
    assert (found.warnings, outcome.not_played) == ([], [])
    return outcome.played
