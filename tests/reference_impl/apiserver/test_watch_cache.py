import pytest

from reference_impl.apiserver.watch_cache import WatchCache
from reference_impl.errors import Gone
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Compacted, Page, StoreEvent, StoreUnavailable


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


def filled(*names: str, window: int = 10) -> WatchCache:
    """A cache over a store that had a life before: one ConfigMap a name, revisions 2, 3, ..."""
    store = MemoryStore()
    for name in names:
        store.put(("configmaps", "default", name), {"metadata": {"name": name, "namespace": "default"}})
    cache = WatchCache(store, lambda: ["configmaps"], window=window)
    store.subscribe(cache.apply)
    return cache


def revisions(cache: WatchCache, since: int) -> list[int]:
    cache.check_window(cache.of("configmaps"), since)
    return [each.revision for each in cache.of("configmaps").since(since)]


def test_a_cache_that_recalls_goes_on_from_the_past_without_a_seam():
    cache = filled("a", "b")
    cache._store.put(("configmaps", "default", "c"), {"metadata": {"name": "c", "namespace": "default"}})
    with pytest.raises(Gone):
        revisions(cache, 1)
    cache.recall(1)
    assert [revisions(cache, since) for since in (1, 2, 3, 4)] == [[2, 3, 4], [3, 4], [4], []]
    assert [key[2] for key in cache.of("configmaps").objects] == ["a", "b", "c"]


def test_what_is_recalled_is_bounded_by_the_window():
    cache = filled("a", "b", "c", "d", window=2)
    cache.recall(1)
    assert revisions(cache, 3) == [4, 5]
    with pytest.raises(Gone):
        revisions(cache, 2)


def test_what_was_compacted_is_not_recalled_and_nothing_is_lost_by_trying():
    cache = filled("a", "b")
    cache._store.compact(3)
    with pytest.raises(Compacted):
        cache.recall(1)
    assert revisions(cache, 3) == []


def test_a_rebuild_that_failed_answers_nothing_until_one_succeeds():
    class Unreachable(MemoryStore):
        is_down = False

        def list(self, *arguments: object, **options: object) -> Page:
            if self.is_down:
                raise StoreUnavailable("away", definite=True)
            return super().list(*arguments, **options)

    store = Unreachable()
    cache = WatchCache(store, lambda: ["configmaps"])
    store.is_down = True
    with pytest.raises(StoreUnavailable, match="away"):
        cache.rebuild()
    with pytest.raises(StoreUnavailable, match="try again"):
        cache.of("configmaps")
    store.is_down = False
    cache.rebuild()
    assert cache.of("configmaps").objects == {}
