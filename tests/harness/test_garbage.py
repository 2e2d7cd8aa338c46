"""Garbage is collected between worlds, and the collector is left as it was found."""

import gc
import weakref

import pytest

from harness import garbage
from harness.garbage import FULL_EVERY, a_world_begins, collected_between_worlds, put_aside


class Cycle:
    """Only the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_begun", 0)


def test_what_the_last_world_left_is_gone_when_the_next_begins() -> None:
    with collected_between_worlds():
        left = weakref.ref(Cycle())
        assert not gc.isenabled()
        assert left() is not None
        a_world_begins()
        assert left() is None


def test_what_was_still_held_is_gone_after_some_worlds_more() -> None:
    with collected_between_worlds():
        held = Cycle()
        left = weakref.ref(held)
        for _ in range(3):
            a_world_begins()  # it grows old
        del held
        a_world_begins()
        assert left() is not None
        for _ in range(FULL_EVERY):
            a_world_begins()
        assert left() is None


def test_what_is_put_aside_is_looked_at_again_when_the_search_is_over() -> None:
    enabled = gc.isenabled()
    with collected_between_worlds():
        held = Cycle()
        left = weakref.ref(held)
        put_aside()
        del held
        for _ in range(FULL_EVERY + 1):
            a_world_begins()
        assert left() is not None
        with collected_between_worlds():  # changes nothing
            pass
        assert not gc.isenabled()
    assert gc.isenabled() == enabled
    gc.collect()
    assert left() is None


def test_outside_of_a_search_the_collector_is_left_alone() -> None:
    put_aside()
    a_world_begins()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
