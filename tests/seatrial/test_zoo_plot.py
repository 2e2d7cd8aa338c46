"""The plot of the detection matrix: what is drawn, and what cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.detection import Cell
from harness.errors import UsageError
from seatrial.zoo_plot import draw

CELL = Cell(entry="leak", engine="check", seed=0, found=True, instead="", examples=12, wall_s=1.5, actions=2)
CELLS = [
    CELL,
    replace(CELL, seed=1, examples=40),
    replace(CELL, engine="sweep", examples=300),
    replace(CELL, entry="clash", found=False, examples=200, actions=0),
]


def test_entries_and_engines_are_named_and_the_same_cells_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    draw(CELLS, str(first))
    draw(CELLS, str(second))
    text = first.read_text(encoding="utf-8")
    assert all(word in text for word in ("leak", "clash", "check", "sweep"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("name", "reason"), [("matrix.gif", r"draws \.svg"), ("nowhere/matrix.svg", "there is no folder")]
)
def test_what_cannot_be_drawn_is_refused_at_once(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=reason):
        draw(CELLS, str(tmp_path / name))
