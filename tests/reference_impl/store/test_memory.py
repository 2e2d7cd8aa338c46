import pytest

from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Compacted
from tests.reference_impl.store.contract import ExpiryContract, LeaseContract, StoreContract, key, obj, put


class TestMemoryStore(StoreContract, LeaseContract, ExpiryContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


def test_an_empty_store_is_at_revision_one():
    assert MemoryStore().revision == 1


def test_compaction_lets_go_of_what_nobody_can_read_any_more():
    store = MemoryStore()
    for number in range(5):
        store.put(key("a"), obj("a", x=number))
    put(store, "b")
    store.delete(key("b"))
    assert store.version_count == 7
    store.compact(store.revision)
    assert store.version_count == 1


def test_a_store_may_begin_where_another_ended_and_remembers_nothing_of_it() -> None:
    store = MemoryStore()
    store.begin_at(1_000)

    first = store.put(("pods", "default", "web"), {"metadata": {"name": "web"}})

    assert (store.compacted_revision, first.revision) == (1_000, 1_001)
    assert [event.revision for event in store.events(1_000)] == [1_001]
    with pytest.raises(Compacted):
        store.events(999)
