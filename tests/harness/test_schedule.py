import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import registry
from harness.errors import UsageError
from harness.schedule import Schedule, code_digest, load, versions
from harness.trial import Trial
from reference_impl.apiserver.names import timestamp
from reference_impl.zoo.planes.starved_stream import DropsWhatDoesNotFit
from tests.harness.samples import CRD, SITE, website

CRASH = {
    "do": "crash", "at": "after_commit", "component": "website", "after_s": 2,
    "request": {"verb": "create", "kind": "Deployment", "name": "front", "nth": 1},
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "seatrial_schedule": 1,
    "trial": {"controllers": ["website:website"], "manifests": [CRD, SITE]},
    "versions": {"seatrial": "1"},
    "code_digest": "ab",
    "salt": 0,
    "workload": [{"do": "scale", "kind": "Website", "name": "front", "replicas": 3, "in_flight": 2}],
    "weather": [CRASH],
    "expect": {"property": "converges", "trace_sha256": "cd"},
}


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "faults", lambda: (SimpleNamespace(name="crash"), SimpleNamespace(name="stale_read")))
    monkeypatch.setattr(registry, "properties", lambda: (SimpleNamespace(name="converges"),))


def read(folder: Path, text: str) -> Schedule:
    path = folder / "schedule.json"
    path.write_text(text)
    return load(path)


def test_a_schedule_survives_the_way_to_a_file_and_back(tmp_path: Path) -> None:
    first = read(tmp_path, json.dumps(WHOLE))
    assert first.weather == [CRASH]
    assert first.workload[0]["api_version"] == "example.com/v1"
    assert first.size == 2
    assert read(tmp_path, first.dumps()) == first


def test_what_a_person_need_not_write_has_defaults(tmp_path: Path) -> None:
    by_hand = {name: WHOLE[name] for name in ("seatrial_schedule", "trial", "workload", "weather")}
    schedule = read(tmp_path, json.dumps(by_hand))
    assert (schedule.salt, schedule.expect, schedule.versions, schedule.code_digest) == (0, None, {}, "")
    assert "expect" not in schedule.to_json()


def test_dumps_is_deterministic() -> None:
    assert Schedule(trial={"b": 1, "a": 2}).dumps() == Schedule(trial={"a": 2, "b": 1}).dumps()


@pytest.mark.parametrize(
    "weather",
    [
        {"do": "crash", "at": "step", "step": 3},
        {"do": "crash", "at": "delivery", "event": {"type": "ADDED", "kind": "Pod", "name": "x", "nth": 1}},
        {"do": "crash", "at": "external_reply", "request": {"verb": "create", "kind": "cloud", "nth": 1}},
        {"do": "crash", "at": "request", "request": {}},
    ],
)
def test_all_anchors_are_understood(tmp_path: Path, weather: dict[str, Any]) -> None:
    assert read(tmp_path, json.dumps({**WHOLE, "weather": [weather]})).weather == [weather]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("hello", "is not JSON"),
        (json.dumps(WHOLE)[:200], "ends in the middle: it was cut short"),
        ("[" * 100_000, "nested too deeply|ends in the middle"),
        ("[]", "holds a list, not an object"),
        ("{}", "has no seatrial_schedule"),
        (json.dumps({**WHOLE, "seatrial_schedule": 2}), "written by a newer seatrial"),
        (json.dumps({**WHOLE, "seatrial_schedule": "1"}), "is no version"),
        (json.dumps({k: v for k, v in WHOLE.items() if k != "weather"}), "has no 'weather'"),
        (json.dumps({**WHOLE, "wether": []}), "field 'wether' is unknown"),
        (json.dumps({**WHOLE, "salt": "x"}), "salt='x' must be a whole number"),
        (json.dumps({**WHOLE, "salt": True}), "salt=True must be a whole number"),
        (json.dumps({**WHOLE, "trial": []}), "trial=.* must be an object"),
        (json.dumps({**WHOLE, "trial": {"manifests": [3]}}), "trial.manifests must be a list"),
        (json.dumps({**WHOLE, "workload": [{"do": "scale"}]}), r"workload\[0\] \(scale\) has no 'kind'"),
        (json.dumps({**WHOLE, "expect": {"property": "convergs"}}), "did you mean converges"),
        (json.dumps({**WHOLE, "expect": {"property": "converges", "x": 1}}), "expect.x"),
    ],
)
def test_a_broken_file_is_one_line_that_names_the_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert "schedule.json" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"do": "crsh"}, "there is no 'crsh'; did you mean crash"),
        ({"at": "noon"}, "at='noon' is no place"),
        ({"component": 3}, "component=3"),
        ({"request": None}, "request=None must say which"),
        ({"request": {"verb": "get", "nth": 0}}, "nth=0 must be a whole number from 1"),
        ({"request": {"verb": 1}}, "request.verb=1 must be a string"),
        ({"request": {"kinds": "Pod"}}, "request.kinds is unknown"),
        ({"event": {}}, "event does not go with at='after_commit'"),
        ({"at": "step", "step": -1}, "step=-1"),
    ],
)
def test_broken_weather_is_named_by_its_index(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, json.dumps({**WHOLE, "weather": [{**CRASH, **change}]}))
    assert "weather[0]" in str(caught.value)


def test_missing_and_binary_files_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load(tmp_path / "gone.json")
    (tmp_path / "image.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not a text file"):
        load(tmp_path / "image.json")


def test_a_property_made_in_a_test_may_be_expected(tmp_path: Path) -> None:
    trial = {**WHOLE["trial"], "properties": [{"opaque": "mine"}]}
    text = json.dumps({**WHOLE, "trial": trial, "expect": {"property": "mine", "trace_sha256": "x"}})
    assert read(tmp_path, text).expect == {"property": "mine", "trace_sha256": "x"}


def test_the_digest_is_of_the_controllers_code_and_not_of_their_order() -> None:
    one, other = code_digest(Trial([website, timestamp])), code_digest(Trial([timestamp, website]))
    assert one == other != code_digest(Trial([website]))
    assert len(one) == 64


def test_the_digest_is_of_other_code_under_the_plane_as_well() -> None:
    starved = Trial([website], plane={"apiserver": DropsWhatDoesNotFit})
    assert code_digest(Trial([website])) != code_digest(starved) == code_digest(starved)


def test_versions_say_what_replay_depends_on() -> None:
    assert list(versions()) == ["seatrial", "python", "trio", "hypothesis"]
