"""The recordings that are kept here replay, each with no more than its known differences."""

from pathlib import Path

import pytest

from reference_impl.store.memory import MemoryStore
from tests.conformance import known, recording
from tests.conformance.clients import FOLDER, LIVES
from tests.conformance.known import judge
from tests.conformance.replay import compare

FILES = sorted(FOLDER.glob("*.jsonl"))


def test_each_client_that_can_be_recorded_is() -> None:
    assert {path.stem for path in FILES} >= set(LIVES)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_kept_recording_replays(path: Path) -> None:
    found = recording.read(path)
    outcome = compare(found, MemoryStore())
    entries = path.with_suffix(".toml")
    judged = judge(outcome.differences, known.read(entries) if entries.exists() else [])
    assert [str(each) for each in judged.unknown] == []
    assert [str(each) for each in judged.unused] == []
    assert (found.warnings, outcome.not_played) == ([], [])
    assert outcome.played >= 20
