"""Thousands of watchers: memory and cost of each are measured, and one that stops reading costs the others nothing.
Small here."""

import pytest

from reference_impl.apiserver.http.watching import PENDING_MAX
from tests.benchmarks.watchers import HEAD, measure


@pytest.mark.slow
def test_a_stopped_reader_is_cut_within_its_buffer_and_the_others_lose_nothing() -> None:
    figures = [measure(count, events=5) for count in (50, 500)]
    few, many = (figure.bytes_each for figure in figures)
    assert many < 2 * few, "memory for each watcher grows with their number"
    assert all(0 < figure.cut_after_bytes <= PENDING_MAX for figure in figures)
    assert figures[0].row().count("|") == HEAD.splitlines()[0].count("|")
