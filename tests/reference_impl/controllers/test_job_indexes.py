"""Completion indexes as text."""

import pytest

from reference_impl.controllers.job_indexes import format_indexes, index_of, parse_indexes


@pytest.mark.parametrize(
    ("indexes", "text"),
    [
        ([], ""),
        ([0], "0"),
        ([0, 1], "0,1"),
        ([0, 1, 2], "0-2"),
        ([5, 0, 1, 2, 4], "0-2,4,5"),
        ([1, 3, 5, 6, 7], "1,3,5-7"),
    ],
)
def test_indexes_survive_being_written_and_read(indexes: list[int], text: str) -> None:
    assert format_indexes(indexes) == text
    assert parse_indexes(text, 10) == sorted(indexes)


def test_indexes_beyond_the_completions_are_dropped() -> None:
    assert parse_indexes("0-5,8", 4) == [0, 1, 2, 3]


def test_what_cannot_be_read_is_dropped() -> None:
    assert parse_indexes("x,2,3-y", 10) == [2]


@pytest.mark.parametrize(("text", "index"), [("0", 0), ("3", None), ("-1", None), ("", None), ("one", None)])
def test_a_pods_index_must_be_in_range(text: str, index: int | None) -> None:
    pod = {"metadata": {"annotations": {"batch.kubernetes.io/job-completion-index": text}}}
    assert index_of(pod, 3) == index
