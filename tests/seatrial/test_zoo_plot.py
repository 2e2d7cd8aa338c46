"""The plot of the detection matrix: what is drawn, and what cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.detection import Cell
from harness.errors import UsageError
from seatrial.zoo_plot import check_can_draw, draw

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


def test_what_fails_in_fair_weather_is_drawn_too(tmp_path: Path) -> None:
    at_none, at_one = tmp_path / "none.svg", tmp_path / "one.svg"
    draw([replace(CELL, examples=0)], str(at_none))
    draw([replace(CELL, examples=1)], str(at_one))
    assert at_none.read_bytes() == at_one.read_bytes()
    assert "1: no weather needed" in at_none.read_text(encoding="utf-8")


def test_a_place_where_no_file_can_be_written_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    for name in ("folder.svg", f"{'long' * 100}.svg"):
        with pytest.raises(UsageError, match="cannot be written"):
            check_can_draw(str(tmp_path / name))


def test_asking_whether_a_file_can_be_written_leaves_none_and_changes_none(tmp_path: Path) -> None:
    new, old, link = (tmp_path / f"{name}.svg" for name in ("new", "old", "link"))
    old.write_text("an older plot")
    link.symlink_to(new)
    for file in (new, old, link):
        check_can_draw(str(file))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.svg", "old.svg"]
    assert not link.exists()
    assert old.read_text() == "an older plot"
