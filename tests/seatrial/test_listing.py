import json
from typing import Any

import pytest

from seatrial import listing


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_kinds_name_their_controllers(capsys: pytest.CaptureFixture[str]) -> None:
    listing.kinds(as_json=True)
    kinds = {(kind["api_version"], kind["kind"]): kind for kind in printed(capsys)["kinds"]}
    assert kinds["apps/v1", "Deployment"]["controllers"] == ["deployment"]
    assert kinds["v1", "ConfigMap"]["controllers"] == []


def test_kinds_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    listing.kinds(as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["ConfigMap", "v1", "stored", "only"] for line in lines)


def test_every_property_shows_who_promises_it(capsys: pytest.CaptureFixture[str]) -> None:
    listing.properties(as_json=True)
    properties = printed(capsys)["properties"]
    assert "converges" in [entry["name"] for entry in properties]
    assert all(entry["source"] for entry in properties)


def test_every_fault_is_labelled(capsys: pytest.CaptureFixture[str]) -> None:
    listing.faults(as_json=True)
    faults = printed(capsys)["faults"]
    assert faults
    assert all(isinstance(fault[label], bool) for fault in faults for label in ("legal", "obliged", "opt_in"))
    assert "vandalism" in [fault["name"] for fault in faults if fault["opt_in"]]


def test_the_text_says_what_strikes_only_if_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    listing.faults(as_json=False)
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("vandalism"))
    assert "opt-in" in line


def test_zoo_entries_have_exactly_the_documented_keys(capsys: pytest.CaptureFixture[str]) -> None:
    listing.zoo(as_json=True)
    (answer,) = [printed(capsys)]
    assert list(answer) == ["entries"]
    assert all(list(entry) == ["id", "property", "faults", "bug", "tags"] for entry in answer["entries"])
