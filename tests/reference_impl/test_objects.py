"""Copies: deep, faithful, and nobody's but the caller's."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from reference_impl.objects import copy_json, copy_stored

POD = {
    "metadata": {"name": "a", "labels": {"app": "a"}, "annotations": {}},
    "spec": {"containers": [{"name": "c", "args": ["--x", "1"], "ports": []}], "priority": 0, "ratio": 1.5},
    "status": {"ready": True, "nominated": None, "deep": [[{"a": [1]}]]},
}
COPIES = [copy_json, copy_stored]


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_equal_and_in_the_same_order(copy: Callable[[Any], Any]) -> None:
    copied = copy(POD)
    assert copied == POD
    assert repr(copied) == repr(POD)


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_shares_nothing_that_can_be_changed(copy: Callable[[Any], Any]) -> None:
    shared = {id(part) for part in _parts(POD)} & {id(part) for part in _parts(copy(POD))}
    assert not shared


def _parts(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(part for item in inner for part in _parts(item))]


@pytest.mark.parametrize(
    "odd", [1 << 80, "\ud800", datetime(2026, 1, 1, tzinfo=UTC), {1: "a"}, str.__new__(type("S", (str,), {}))]
)
def test_what_no_bytes_can_hold_is_copied_as_it_is(odd: Any) -> None:
    copied = copy_stored({"spec": {"odd": odd}})
    assert copied == {"spec": {"odd": odd}}
    assert type(copied["spec"]["odd"]) is type(odd)
