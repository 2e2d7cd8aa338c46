import pytest

from reference_impl.store.lease import LeaseNotFound, Leasing
from reference_impl.store.memory import MemoryStore

A, B = ("events", "default", "a"), ("events", "default", "b")


def obj(name: str) -> dict:
    return {"metadata": {"name": name, "namespace": "default"}}


def test_keys_of_a_lease_are_deleted_when_it_has_run_out_and_not_before():
    store = MemoryStore()
    lease = store.grant(10, now_s=100)
    store.put(A, obj("a"), lease=lease)
    store.put(B, obj("b"))
    assert store.expire(109.9) == 0
    assert store.expire(110) == 1
    assert (store.get(A), store.get(B) is None) == (None, False)


def test_an_expiry_is_an_event_like_any_other():
    store = MemoryStore()
    store.put(A, obj("a"), lease=store.grant(10))
    store.expire(10)
    assert [event.type for event in store.events(1)] == ["ADDED", "DELETED"]


def test_a_lease_kept_alive_lasts_its_full_time_again():
    store = MemoryStore()
    lease = store.grant(10)
    store.put(A, obj("a"), lease=lease)
    assert store.keep_alive(lease, 8) == 18
    assert store.expire(12) == 0
    assert store.expire(18) == 1


def test_a_later_put_without_lease_detaches_the_key():
    store = MemoryStore()
    store.put(A, obj("a"), lease=store.grant(10))
    store.put(A, obj("a"))
    assert store.expire(10) == 0
    assert store.get(A) is not None


def test_a_key_deleted_before_its_lease_ends_is_not_deleted_again():
    store = MemoryStore()
    store.put(A, obj("a"), lease=store.grant(10))
    store.delete(A)
    assert store.expire(10) == 0


def test_revoking_deletes_the_keys_at_once():
    store = MemoryStore()
    lease = store.grant(10)
    store.put(A, obj("a"), lease=lease)
    store.put(B, obj("b"), lease=lease)
    assert store.revoke(lease) == 2
    assert store.list("events").items == []


def test_an_unknown_lease_is_refused_before_anything_is_written():
    store = MemoryStore()
    with pytest.raises(LeaseNotFound, match="grant a new one"):
        store.put(A, obj("a"), lease=7)
    with pytest.raises(LeaseNotFound):
        store.keep_alive(7, 0)
    assert store.revision == 1


def test_the_memory_store_has_leases():
    assert isinstance(MemoryStore(), Leasing)
