import pytest

from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Compacted, FutureRevision, Key, RevisionMismatch


def key(name: str, namespace: str = "default") -> Key:
    return ("pods", namespace, name)


def obj(name: str, namespace: str = "default", **fields: object) -> dict:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": namespace}, **fields}


def names(page: object) -> list[str]:
    return [each["metadata"]["name"] for each in page.items]


def test_an_empty_store_is_at_revision_one():
    assert MemoryStore().revision == 1


def test_every_write_takes_the_next_revision_and_stamps_it():
    store = MemoryStore()
    first = store.put(key("a"), obj("a"))
    second = store.put(key("b"), obj("b"))
    assert (first.revision, second.revision) == (2, 3)
    assert store.get(key("b"))["metadata"]["resourceVersion"] == "3"


def test_put_leaves_the_given_object_as_it_was():
    store, given = MemoryStore(), obj("a")
    store.put(key("a"), given)
    assert "resourceVersion" not in given["metadata"]


def test_a_compare_and_swap_on_an_old_revision_loses_and_shows_the_current_object():
    store = MemoryStore()
    store.put(key("a"), obj("a"))
    store.put(key("a"), obj("a", x=1), expected=2)
    with pytest.raises(RevisionMismatch) as lost:
        store.put(key("a"), obj("a", x=2), expected=2)
    assert lost.value.current["x"] == 1
    assert store.revision == 3


def test_expecting_revision_zero_means_that_the_key_must_not_exist():
    store = MemoryStore()
    store.put(key("a"), obj("a"), expected=0)
    with pytest.raises(RevisionMismatch):
        store.put(key("a"), obj("a"), expected=0)


def test_deleting_what_is_not_there_is_a_mismatch():
    with pytest.raises(RevisionMismatch):
        MemoryStore().delete(key("a"))


def test_a_deletion_carries_the_last_state_at_its_own_revision():
    store = MemoryStore()
    store.put(key("a"), obj("a", x=1))
    event = store.delete(key("a"))
    assert (event.type, event.object["x"], event.object["metadata"]["resourceVersion"]) == ("DELETED", 1, "3")
    assert event.previous["metadata"]["resourceVersion"] == "2"


def test_the_past_can_be_read_at_every_revision():
    store = MemoryStore()
    store.put(key("a"), obj("a", x=1))
    store.put(key("a"), obj("a", x=2))
    store.delete(key("a"))
    store.put(key("a"), obj("a", x=3))
    past = [store.get(key("a"), revision=revision) for revision in range(1, 6)]
    assert [each and each["x"] for each in past] == [None, 1, 2, None, 3]


def test_a_list_of_the_past_has_what_lived_then_in_key_order():
    store = MemoryStore()
    for name in ("b", "a", "c"):
        store.put(key(name), obj(name))
    store.delete(key("a"))
    assert names(store.list("pods")) == ["b", "c"]
    assert names(store.list("pods", revision=4)) == ["a", "b", "c"]


def test_a_list_of_a_namespace_has_nothing_of_its_neighbours():
    store = MemoryStore()
    for namespace in ("a", "ab", "b"):
        store.put(key("x", namespace), obj("x", namespace))
    assert [each["metadata"]["namespace"] for each in store.list("pods", "a").items] == ["a"]


def test_pages_join_to_the_whole_snapshot_though_the_store_moves_on():
    store = MemoryStore()
    for name in "abcde":
        store.put(key(name), obj(name))
    first = store.list("pods", limit=2)
    store.delete(key("d"))
    store.put(key("cc"), obj("cc"))
    second = store.list("pods", revision=first.revision, limit=2, after=first.last)
    third = store.list("pods", revision=first.revision, limit=2, after=second.last)
    assert names(first) + names(second) + names(third) == list("abcde")
    assert [page.remaining for page in (first, second, third)] == [3, 1, 0]


def test_pages_of_one_namespace_stay_in_it():
    store = MemoryStore()
    for namespace, name in (("a", "x"), ("b", "x"), ("b", "y"), ("c", "x")):
        store.put(key(name, namespace), obj(name, namespace))
    page = store.list("pods", "b", limit=1)
    assert (names(page), page.remaining) == (["x"], 1)
    page = store.list("pods", "b", limit=1, after=page.last)
    assert (names(page), page.remaining) == (["y"], 0)


def test_events_since_a_revision_are_all_the_later_ones():
    store = MemoryStore()
    for name in "abc":
        store.put(key(name), obj(name))
    assert [event.revision for event in store.events(2)] == [3, 4]
    assert list(store.events(4)) == []


def test_compaction_forgets_the_past_and_keeps_the_rest():
    store = MemoryStore()
    store.put(key("a"), obj("a", x=1))
    store.put(key("a"), obj("a", x=2))
    store.put(key("b"), obj("b"))
    store.delete(key("b"))
    store.compact(5)
    assert store.get(key("a"), revision=5)["x"] == 2
    assert names(store.list("pods", revision=5)) == ["a"]
    with pytest.raises(Compacted):
        store.get(key("a"), revision=4)
    with pytest.raises(Compacted):
        store.events(4)
    assert list(store.events(5)) == []


def test_what_is_written_after_a_compaction_can_be_compacted_again():
    store = MemoryStore()
    store.put(key("a"), obj("a", x=1))
    store.compact(2)
    store.put(key("a"), obj("a", x=2))
    assert [event.revision for event in store.events(2)] == [3]
    store.compact(3)
    assert store.get(key("a"), revision=3)["x"] == 2


def test_the_future_can_neither_be_read_nor_compacted():
    store = MemoryStore()
    with pytest.raises(FutureRevision):
        store.get(key("a"), revision=2)
    with pytest.raises(FutureRevision):
        store.compact(2)


def test_subscribers_hear_every_commit_in_order_until_they_stop():
    store, heard = MemoryStore(), []
    stop = store.subscribe(lambda event: heard.append((event.type, event.revision)))
    store.put(key("a"), obj("a"))
    store.put(key("a"), obj("a"))
    store.delete(key("a"))
    stop()
    store.put(key("a"), obj("a"))
    assert heard == [("ADDED", 2), ("MODIFIED", 3), ("DELETED", 4)]


def test_compaction_lets_go_of_what_nobody_can_read_any_more():
    store = MemoryStore()
    for number in range(5):
        store.put(key("a"), obj("a", x=number))
    store.put(key("b"), obj("b"))
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
