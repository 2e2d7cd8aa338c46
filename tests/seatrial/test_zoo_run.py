"""`seatrial zoo run`: what is printed, and when."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness import detection
from harness.detection import Cell, Matrix
from seatrial.zoo_run import run

CELL = Cell(entry="leak", engine="check", seed=0, found=True, instead="", examples=12, wall_s=1.5, actions=2)
OPTIONS: dict[str, Any] = {"engines": (), "seeds": 1, "examples": 1, "jobs": 1, "report_dir": None, "quiet": False}


@pytest.mark.parametrize("as_json", [True, False])
def test_the_matrix_is_printed_even_if_it_cannot_be_drawn_any_more(
    as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "matrix.svg"

    def in_the_way(*_: Any, **__: Any) -> Matrix:
        plot.mkdir()
        return Matrix(cells=[CELL])

    monkeypatch.setattr(detection, "matrix", in_the_way)
    assert run(["two-buckets"], plot=str(plot), as_json=as_json, **OPTIONS) == 4
    told = capsys.readouterr()
    assert "cannot be written" in told.err
    if as_json:
        assert json.loads(told.out)["cells_found_ratio"] == 1.0
    else:
        assert "check: 1 of 1 cells found" in told.out


def test_what_can_be_drawn_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = tmp_path / "matrix.svg"
    monkeypatch.setattr(detection, "matrix", lambda *_, **__: Matrix(cells=[CELL]))
    assert run(["two-buckets"], plot=str(plot), as_json=True, **OPTIONS) == 0
    assert "leak" in plot.read_text(encoding="utf-8")
