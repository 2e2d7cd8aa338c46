from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reference_impl.store.port import Compacted, StoreUnavailable
from reference_impl.store.sqlite import SqliteStore
from tests.reference_impl.store.contract import (
    DurableContract,
    ExpiryContract,
    LeaseContract,
    StoreContract,
    key,
    obj,
    put,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


class TestSqliteStore(StoreContract, LeaseContract, ExpiryContract, DurableContract):
    @pytest.fixture
    def reopen(self, store: SqliteStore, tmp_path: Path) -> Iterator[Callable[[], SqliteStore]]:
        opened: list[SqliteStore] = []

        def again() -> SqliteStore:
            store.close()
            opened.append(SqliteStore(tmp_path))
            return opened[-1]

        yield again
        for each in opened:
            each.close()


def test_a_new_file_is_at_revision_one(store: SqliteStore):
    assert (store.revision, store.resources()) == (1, [])


def test_compaction_lets_go_of_what_nobody_can_read_any_more(store: SqliteStore):
    for number in range(5):
        store.put(key("a"), obj("a", x=number))
    put(store, "b")
    store.delete(key("b"))
    assert store.version_count == 7
    store.compact(store.revision)
    assert store.version_count == 1


def test_a_history_read_across_a_compaction_raises_instead_of_leaving_events_out(store: SqliteStore):
    for number in range(600):
        put(store, "a", x=number)
    events = store.events(1)
    assert next(events).object["x"] == 0
    store.compact(store.revision)
    with pytest.raises(Compacted):
        list(events)


def test_values_that_are_no_longer_kept_decoded_are_read_from_the_file(store: SqliteStore):
    put(store, "a", x="old")
    for number in range(4200):
        put(store, "b", x=number)
    assert store.get(key("a"))["x"] == "old"


def test_a_closed_store_says_so_and_writes_nothing(store: SqliteStore):
    store.close()
    with pytest.raises(StoreUnavailable, match="open it again") as closed:
        put(store, "a")
    assert closed.value.definite
