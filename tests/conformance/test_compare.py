"""A recording replays without a difference, and a server that is changed on purpose is told, and nothing else is."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.messages import Answer
from reference_impl.apiserver.http.watching import WatchAnswer
from reference_impl.store.memory import MemoryStore
from tests.conformance import planes, recording
from tests.conformance.__main__ import main
from tests.conformance.difference import ABSENT, Difference
from tests.conformance.life import MAPS, Person, config_map, recorded
from tests.conformance.replay import Outcome, compare
from tests.conformance.stories import STORIES


@pytest.fixture
def life(tmp_path: Path) -> Path:
    return recorded(tmp_path / "life.jsonl")


def _told(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(each.at, each.recorded, each.ours) for each in outcome.differences]


def test_a_recording_of_ours_replays_without_a_difference(life: Path):
    found = recording.read(life)
    outcome = compare(found, planes.new_store())
    assert [str(each) for each in outcome.differences] == []
    assert outcome.played == len(found.exchanges) > 25
    assert sum(len(each.events) for each in found.exchanges) > 10
    assert found.warnings == []


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
def test_each_story_of_ours_replays_without_a_difference(tmp_path: Path, story: str):
    found = recording.read(recorded(tmp_path / "story.jsonl", STORIES[story]))
    assert [str(each) for each in compare(found, MemoryStore()).differences] == []
    assert [
        each.line for each in found.exchanges if each.status == 500 and b"Internal error" in each.answer.sent()
    ] == []


def test_it_replays_on_sqlite_too(life: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["compare", "--store", "sqlite", str(life)]) == 0
    assert "0 unknown" in capsys.readouterr().out


def test_uids_names_and_revisions_of_the_recording_are_others_than_those_of_the_replay(life: Path):
    """Else the test before this one would show nothing."""
    again = recorded(life.with_name("again.jsonl"), seed=8)
    made = [recording.read(path).exchanges[3].answer.json["metadata"] for path in (life, again)]
    assert made[0]["uid"] != made[1]["uid"]
    assert made[0]["name"] != made[1]["name"]
    assert compare(recording.read(life), MemoryStore()).differences == []


# ------------------------------------------------------------------------------------------ changed on purpose

Change = Callable[[str, str, Answer], Answer]


def _changed(change: Change) -> Callable[[Front], Any]:
    def around(front: Front) -> Any:
        async def answer(request: Any) -> Answer | WatchAnswer:
            given = await front.answer(request)
            return given if isinstance(given, WatchAnswer) else change(request.method, request.path, given)

        return answer

    return around


def _edited(answer: Answer, edit: Callable[[Any], Any]) -> Answer:
    value = json.loads(answer.body)
    edit(value)
    return replace(answer, body=json.dumps(value).encode())


def _simple(person: Person) -> None:
    person.watch(f"{MAPS}?watch=true&resourceVersion=0")
    made = person.ask("POST", MAPS, config_map("a", k="1"))
    person.ask("PUT", f"{MAPS}/a", {**made, "data": {"k": "2"}})
    person.ask("GET", MAPS)
    person.ask("DELETE", f"{MAPS}/a")


def _against(tmp_path: Path, change: Callable[[Front], Any]) -> list[Difference]:
    path = recorded(tmp_path / "simple.jsonl", _simple)
    assert compare(recording.read(path), MemoryStore()).differences == []
    return compare(recording.read(path), MemoryStore(), change).differences


@pytest.mark.parametrize(
    ("method", "edit", "at", "was", "now"),
    [
        ("PUT", lambda obj: obj["data"].update(k="3"), "$.data.k", '"2"', '"3"'),
        ("PUT", lambda obj: obj["metadata"].pop("uid"), "$.metadata.uid", None, ABSENT),
        ("PUT", lambda obj: obj["metadata"].update(labels={}), "$.metadata.labels", ABSENT, "{}"),
        ("GET", lambda obj: obj["items"].clear(), "$.items[default/a]", None, ABSENT),
        ("POST", lambda obj: obj["metadata"].update(creationTimestamp=1), "$.metadata.creationTimestamp", None, "1"),
        ("DELETE", lambda obj: obj["details"].update(kind="maps"), "$.details.kind", '"configmaps"', '"maps"'),
    ],
)  # fmt: skip
def test_a_changed_answer_is_told_at_its_path(
    tmp_path: Path, method: str, edit: Callable[[Any], Any], at: str, was: str | None, now: str
):
    found = _against(tmp_path, _changed(lambda asked, _, given: _edited(given, edit) if asked == method else given))
    assert [each.at for each in found] == [at]
    assert found[0].request.split()[1] == method
    assert found[0].ours == now
    assert was in (None, found[0].recorded)


def test_a_revision_that_its_event_does_not_have_is_told(tmp_path: Path):
    edit: Change = lambda asked, _, given: (  # noqa: E731
        _edited(given, lambda obj: obj["metadata"].update(resourceVersion="1")) if asked == "PUT" else given
    )
    assert [each.at for each in _against(tmp_path, _changed(edit))] == ["event 2 $.object.metadata.resourceVersion"]


def test_a_wrong_status_and_a_missing_header_are_told(tmp_path: Path):
    found = _against(
        tmp_path,
        _changed(
            lambda asked, _, given: replace(given, status=200, content_type="text/plain") if asked == "POST" else given
        ),
    )
    assert [(each.at, each.recorded, each.ours) for each in found] == [
        ("status", "201", "200"),
        ("header content-type", '"application/json"', '"text/plain"'),
    ]


class _Streams(WatchAnswer):
    """A watch whose lines are changed on their way."""

    __slots__ = ("_change", "_inner", "_seen")

    def __init__(self, inner: WatchAnswer, change: Callable[[list[bytes]], list[bytes]]) -> None:
        super().__init__(lambda _: b"")
        self._inner, self._change, self._seen = inner, change, []

    async def take(self) -> bytes | None:
        chunk = await self._inner.take()
        if chunk is None:
            return None
        self._seen += chunk.splitlines(keepends=True)
        if len(self._seen) < 3:
            return await self.take()
        return b"".join(self._change(self._seen))

    def close(self) -> None:
        self._inner.close()


def _streaming(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Front], Any]:
    def around(front: Front) -> Any:
        async def answer(request: Any) -> Answer | WatchAnswer:
            given = await front.answer(request)
            return _Streams(given, change) if isinstance(given, WatchAnswer) else given

        return answer

    return around


def test_an_event_that_is_missing_is_told_and_the_others_are_not(tmp_path: Path):
    found = _against(tmp_path, _streaming(lambda lines: [lines[0], lines[2]]))
    assert [(each.at, each.recorded, each.ours) for each in found] == [("event 2", '"MODIFIED default/a"', ABSENT)]


def test_events_in_another_order_are_told(tmp_path: Path):
    found = _against(tmp_path, _streaming(lambda lines: [lines[1], lines[0], lines[2]]))
    assert sorted((each.at, each.recorded, each.ours) for each in found) == [
        ("event 1", ABSENT, '"MODIFIED default/a"'),
        ("event 2", '"MODIFIED default/a"', ABSENT),
    ]


def test_an_event_that_comes_twice_is_told(tmp_path: Path):
    found = _against(tmp_path, _streaming(lambda lines: [lines[0], lines[1], lines[1], lines[2]]))
    assert [(each.recorded, each.ours) for each in found] == [(ABSENT, '"MODIFIED default/a"')]


def test_a_changed_field_of_an_event_is_told(tmp_path: Path):
    changed = _streaming(lambda lines: [lines[0], lines[1].replace(b'"k":"2"', b'"k":"x"'), lines[2]])
    found = _against(tmp_path, changed)
    assert [(each.at, each.recorded, each.ours) for each in found] == [("event 2 $.object.data.k", '"2"', '"x"')]


def test_a_write_that_was_none_is_told_by_its_revision(tmp_path: Path):
    """The recorded server wrote; ours, as it is changed here, did nothing and shows the object as it was."""

    def story(person: Person) -> None:
        made = person.ask("POST", MAPS, config_map("a", k="1"))
        person.ask("PUT", f"{MAPS}/a", {**made, "data": {"k": "2"}})

    path = recorded(tmp_path / "write.jsonl", story)
    kept: list[Answer] = []

    def change(method: str, _: str, given: Answer) -> Answer:
        kept.append(given)
        if method != "PUT":
            return given
        revision = json.loads(kept[0].body)["metadata"]["resourceVersion"]
        return _edited(given, lambda obj: obj["metadata"].update(resourceVersion=revision))

    found = compare(recording.read(path), MemoryStore(), _changed(change))
    assert [each[0] for each in _told(found)] == ["$.metadata.resourceVersion"]


# ---------------------------------------------------------------------------------------------- known differences


def _known(tmp_path: Path, *entries: tuple[str, str]) -> Path:
    path = tmp_path / "known.toml"
    written = [f'[[known]]\nrequest = {json.dumps(r)}\nat = {json.dumps(a)}\nreason = "why"\n' for r, a in entries]
    path.write_text("\n".join(written))
    return path


def _with_another_kind(tmp_path: Path) -> Path:
    """A recording of a server that calls a deleted ConfigMap something else."""
    edit: Change = lambda asked, _, given: (  # noqa: E731
        _edited(given, lambda obj: obj["details"].update(kind="maps")) if asked == "DELETE" else given
    )
    return recorded(tmp_path / "other.jsonl", _simple, _changed(edit))


def test_a_known_difference_is_excused_and_an_unknown_one_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = _with_another_kind(tmp_path)
    assert main(["compare", str(path)]) == 1
    assert (
        f'DELETE {MAPS}/a\n  $.details.kind\n    recorded: "maps"\n    ours:     "configmaps"'
        in capsys.readouterr().out
    )
    known = _known(tmp_path, ("DELETE */configmaps/*", "$.details.kind"))
    assert main(["compare", "--known", str(known), str(path)]) == 0
    assert "0 unknown, 1 known, 0 known but gone" in capsys.readouterr().out


def test_a_known_difference_that_is_none_any_more_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = _with_another_kind(tmp_path)
    known = _known(tmp_path, ("DELETE */configmaps/*", "$.details.kind"), ("GET *", "status"))
    assert main(["compare", "--known", str(known), str(path)]) == 1
    assert "known, but met by no difference any more: GET *  status. Take it out." in capsys.readouterr().out
