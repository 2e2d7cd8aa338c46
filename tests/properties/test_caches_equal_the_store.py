"""Tests of the claim that caches catch up."""

from dataclasses import replace

from harness.contract import CacheView
from properties.caches_equal_the_store import CachesEqualTheStore
from reference_impl.protocol import JsonObject
from tests.properties.fake_view import FakeView, make

PROPERTY = CachesEqualTheStore()


def a_world(*cached: JsonObject, labels: str | None = None, synced: bool = True) -> FakeView:
    view = FakeView()
    view.starts("website")
    items = {(obj["metadata"]["namespace"], obj["metadata"]["name"]): obj for obj in cached}
    cache = CacheView(
        api_version="v1", kind="Secret", namespace=None, labels=labels, fields=None, synced=synced, items=items
    )
    view.caches["website"] = [cache]
    return view


def test_a_cache_that_never_synced_proves_nothing() -> None:
    assert PROPERTY.judge(a_world(make("Secret", "x"), synced=False).rests()).verdict == "unknown"


def test_equal_revisions_hold() -> None:
    view = a_world()
    tls = view.create(make("Secret", "tls"))
    view.caches["website"][0].items[("default", "tls")] = tls
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_a_phantom_a_missing_and_a_stale_object_are_violations() -> None:
    assert "not in the store" in PROPERTY.judge(a_world(make("Secret", "ghost")).rests()).reason
    view = a_world()
    tls = view.create(make("Secret", "tls"))
    assert "not in the cache" in PROPERTY.judge(view.rests()).reason
    view.caches["website"][0].items[("default", "tls")] = tls
    view.update(tls)
    judgement = PROPERTY.judge(view.rests())
    assert judgement.verdict == "violated"
    assert "cached at revision 2, stored at 3" in judgement.reason


def test_what_the_filter_leaves_out_is_not_missed() -> None:
    view = a_world(labels="picked")
    view.create(make("Secret", "tls"))
    assert PROPERTY.judge(view.rests()).verdict == "holds"


def test_a_dead_components_cache_is_no_matter() -> None:
    view = a_world(make("Secret", "ghost"))
    view.lives["website"] = replace(view.lives["website"], alive=False)
    assert PROPERTY.judge(view.rests("restarted")).verdict == "unknown"
