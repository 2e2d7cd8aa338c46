import pytest

from reference_impl.store.memory import MemoryStore
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
