import sys
from types import SimpleNamespace
from typing import Any

import pytest

from seatrial.running import run_check, run_replay


def test_what_a_controller_prints_never_reaches_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def chatty(*_: Any, **__: Any) -> str:
        print("hello from a controller")
        return "outcome"

    monkeypatch.setitem(sys.modules, "harness.check", SimpleNamespace(check=chatty))
    monkeypatch.setitem(sys.modules, "harness.replay", SimpleNamespace(replay=chatty))
    trial: Any = object()
    assert run_check(trial, title="t", quiet=True) == "outcome"
    assert run_replay("s.json") == "outcome"
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("hello") == 2
