import json
from types import SimpleNamespace
from typing import Any

import pytest

from seatrial import demonstration
from seatrial.sights import Sight
from tests.seatrial.outcomes import outcome, violated

ENTRY = SimpleNamespace(id="forgets", property="converges", bug="https://example.com/1", tags=("demo",))


def sight(*, struck: bool = True) -> Sight:
    seen = ((1, 9.0),) if struck else ((1, 5.0),)
    return Sight(what="delayed", fault="watch_lag", legal=True, obliged=True, committed=((1, 5.0),), seen=seen)


def stage(monkeypatch: pytest.MonkeyPatch, *, bug: Any = None, twin: Any = None, struck: bool = True) -> None:
    outcomes = {"zoo:forgets": bug or violated(), "zoo:forgets.fixed": twin or outcome()}
    monkeypatch.setattr(demonstration, "demo_entry", lambda: ENTRY)
    monkeypatch.setattr(demonstration, "_search", lambda target, *_: outcomes[target])
    monkeypatch.setattr(demonstration, "look", lambda: [sight(struck=struck)])


def demonstrate(**options: Any) -> int:
    return demonstration.demonstrate(**{"report_dir": "r", "quiet": False, "as_json": False, **options})


def test_it_succeeds_if_the_bug_is_found_and_the_twin_is_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(monkeypatch)
    assert demonstrate() == 0
    printed = capsys.readouterr().out
    assert "seatrial replay r/schedule.json" in printed
    assert printed.rstrip().endswith("The planted bug was found, the fixed twin stayed silent.")


@pytest.mark.parametrize(
    ("staged", "complaint"),
    [
        ({"bug": outcome()}, "the planted bug was not found"),
        ({"twin": violated()}, "the fixed twin was not found to hold"),
        ({"twin": outcome(verdict="unknown")}, "the fixed twin was not found to hold"),
        ({"struck": False}, "did not change what was seen"),
    ],
)
def test_it_fails_if_anything_did_not_come_true(
    staged: dict[str, Any], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(monkeypatch, **staged)
    assert demonstrate() == 1
    assert complaint in capsys.readouterr().out


def test_finding_another_violation_than_the_planted_one_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    other = violated()
    other.violations[0].property = "no_panic"
    stage(monkeypatch, bug=other)
    assert demonstrate() == 1


def test_an_interrupted_demonstration_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    stage(monkeypatch, bug=violated(interrupted=True))
    assert demonstrate() == 130


def test_json_is_one_object(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stage(monkeypatch)
    demonstrate(as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["exit"], printed["found"]["verdict"], printed["twin"]["verdict"]) == (0, "violated", "holds")
