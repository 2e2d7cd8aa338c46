"""Thousands of watchers: memory and cost of each are measured, and one that stops reading costs the others nothing.
Small here."""

from pathlib import Path

import pytest

from reference_impl.apiserver.http.watching import PENDING_MAX
from tests.benchmarks import watcher_sockets
from tests.benchmarks.watchers import HEAD, measure


@pytest.mark.slow
def test_a_stopped_reader_is_cut_within_its_buffer_and_the_others_lose_nothing() -> None:
    figures = [measure(count, events=5) for count in (50, 500)]
    few, many = (figure.bytes_each for figure in figures)
    assert many < 2 * few, "memory for each watcher grows with their number"
    assert all(0 < figure.cut_after_bytes <= PENDING_MAX for figure in figures)
    assert figures[0].row().count("|") == HEAD.splitlines()[0].count("|")


@pytest.mark.slow
def test_over_sockets_too_and_the_figures_find_their_place(tmp_path: Path) -> None:
    figure = watcher_sockets.measure(100, events=3)
    assert 0 < figure.cut_after_bytes <= PENDING_MAX + watcher_sockets.SOCKETS_HOLD_MAX
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- measured: watcher-sockets -->\nold\n<!-- end of measured: watcher-sockets -->\nafter\n"
    )
    watcher_sockets.write(page, watcher_sockets.report([figure.row()]))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert f"| {figure.watchers} | " in text
