from reference_impl.apiserver.watch_cache import WatchCache
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import StoreEvent


def event(revision: int, name: str) -> StoreEvent:
    obj = {"metadata": {"name": name, "namespace": "default", "resourceVersion": str(revision)}}
    return StoreEvent(revision, "ADDED", ("events", "default", name), obj, None)


def test_events_that_share_a_revision_are_all_taken_in():
    cache = WatchCache(MemoryStore(), list)
    for each in (event(2, "a"), event(2, "b"), event(3, "c")):
        cache.apply(each)
    assert [key[2] for key in cache.of("events").objects] == ["a", "b", "c"]


def test_a_window_that_begins_within_a_revision_does_not_claim_it_whole():
    cache = WatchCache(MemoryStore(), list, window=2)
    for each in (event(2, "a"), event(3, "b"), event(3, "c"), event(3, "d")):
        cache.apply(each)
    assert cache.of("events").window_start == 3
