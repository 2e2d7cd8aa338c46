"""The search of processes: numbered, several at once, and nothing is reported that was seen only once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.check import check
from harness.errors import UsageError
from harness.example import Example
from harness.process_search import DOUBTS_MAX, Played, ProcessSearch
from harness.session import Session, Tally
from harness.trial import Trial
from tests.harness.foreign.copiers import CREATE, DELETE, copier, trial
from tests.harness.foreign.silences import short_silences

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def _short_silences() -> Iterator[None]:
    with short_silences():
        yield


@pytest.fixture(scope="module")
def forgetful(_short_silences: None) -> Any:
    session = Session(trial(process=copier("forgets-owners", patience_s=1.5), workload=[DELETE], faults=["crash"]))
    yield session
    session.close()


def search(session: Session, **options: Any) -> ProcessSearch:
    session.tally = Tally()
    session.findings.clear()
    return ProcessSearch(session, **{"examples": 20, "jobs": 1, "deadline_wall_s": None, "progress": None, **options})


def test_as_many_jobs_as_one_likes_find_the_same(forgetful: Session) -> None:
    found = []
    for jobs in (1, 3):
        one = search(forgetful, jobs=jobs)
        finding = one.find()
        assert finding is not None, one.doubts
        found.append((finding.found[0].name, [action["do"] for action in finding.weather]))

    assert found[0] == found[1]


def test_what_is_seen_once_and_not_again_is_a_doubt_and_the_search_goes_on(forgetful: Session) -> None:
    one = search(forgetful)
    calm = Played(tally=Tally(), workload=[CREATE, DELETE], weather=[], found=[("converges", "never")])

    assert one._looked_into(calm) is None
    assert one.unfinished == "converges: violated once, and not again by the same users and weather"
    assert DOUBTS_MAX > 1


def test_a_search_of_one_example_that_passes_finds_nothing(forgetful: Session) -> None:
    sound = Session(trial(process=copier(patience_s=4.0), workload=[DELETE], faults=["watch_cut"]), fresh=True)
    one = search(sound, examples=1)

    assert one.find() is None
    assert one.unfinished == ""
    assert sound.tally.examples == 1
    assert isinstance(sound.dry_run.example, Example)


def test_several_at_once_are_refused_for_what_runs_in_virtual_time(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jobs=2: several examples at once are for trials of processes"):
        check(Trial(["zoo:two-buckets"]), jobs=2, report_dir=tmp_path)
    with pytest.raises(UsageError, match="jobs=0 runs nothing"):
        check(Trial(["zoo:two-buckets"]), jobs=0, report_dir=tmp_path)
    with pytest.raises(UsageError, match="fresh=True is about processes"):
        check(Trial(["zoo:two-buckets"]), fresh=True, report_dir=tmp_path)
