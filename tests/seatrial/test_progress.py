import sys

import pytest

from seatrial.progress import progress_bar


def test_there_is_no_bar_in_a_pipe() -> None:
    with progress_bar("website", quiet=False) as progress:
        assert progress is None


def test_there_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar("website", quiet=False) as progress:
        assert progress is not None
        progress(3, 200, 1, fired=17)
    captured = capsys.readouterr()
    assert "website" in captured.err
    assert "17 faults" in captured.err
    assert "1 found" in captured.err
    assert captured.out == ""


def test_quiet_means_no_bar_on_a_terminal_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar("website", quiet=True) as progress:
        assert progress is None
