"""What every store promises, whatever it is made of: subclasses bring a fixture `store`.

The store may have a past (a real etcd is shared by the tests): revisions are counted from where it is.
"""

from collections.abc import Callable

import pytest

from reference_impl.store.lease import LeaseNotFound, Leasing
from reference_impl.store.port import Compacted, FutureRevision, Key, Page, RevisionMismatch, Store, StoreEvent


def key(name: str, namespace: str = "default", resource: str = "pods") -> Key:
    return (resource, namespace, name)


def obj(name: str, namespace: str = "default", **fields: object) -> dict:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": namespace}, **fields}


def names(page: Page) -> list[str]:
    return [each["metadata"]["name"] for each in page.items]


def put(store: Store, name: str, namespace: str = "default", **fields: object) -> StoreEvent:
    return store.put(key(name, namespace), obj(name, namespace, **fields))


class StoreContract:
    """Versioned values, snapshot reads, compaction and watch, seen through the port alone."""

    # ------------------------------------------------------------------------------------------------ versioned values

    def test_every_write_takes_the_next_revision_and_stamps_it(self, store: Store) -> None:
        base = store.revision
        first, second = put(store, "a"), put(store, "b")
        assert (first.revision, second.revision, store.revision) == (base + 1, base + 2, base + 2)
        assert store.get(key("b"))["metadata"]["resourceVersion"] == str(base + 2)

    def test_what_is_read_is_what_was_written(self, store: Store) -> None:
        fields = {"text": "ä\u0000\U0001f6a2", "whole": 2**53, "small": -0.5, "none": None, "deep": [{"b": 1, "a": []}]}
        put(store, "a", **fields)
        found = store.get(key("a"))
        assert {name: found[name] for name in fields} == fields
        assert list(found["deep"][0]) == ["b", "a"]

    def test_put_leaves_the_given_object_as_it_was(self, store: Store) -> None:
        given = obj("a")
        store.put(key("a"), given)
        assert "resourceVersion" not in given["metadata"]

    def test_a_compare_and_swap_on_an_old_revision_loses_and_shows_the_current_object(self, store: Store) -> None:
        old = put(store, "a").revision
        store.put(key("a"), obj("a", x=1), expected=old)
        with pytest.raises(RevisionMismatch) as lost:
            store.put(key("a"), obj("a", x=2), expected=old)
        assert lost.value.current["x"] == 1
        assert store.revision == old + 1

    def test_expecting_revision_zero_means_that_the_key_must_not_exist(self, store: Store) -> None:
        store.put(key("a"), obj("a"), expected=0)
        with pytest.raises(RevisionMismatch):
            store.put(key("a"), obj("a"), expected=0)
        store.delete(key("a"))
        store.put(key("a"), obj("a"), expected=0)

    def test_expecting_a_revision_of_what_does_not_exist_loses(self, store: Store) -> None:
        with pytest.raises(RevisionMismatch) as lost:
            store.put(key("a"), obj("a"), expected=7)
        assert lost.value.current is None

    def test_deleting_what_is_not_there_is_a_mismatch(self, store: Store) -> None:
        base = store.revision
        with pytest.raises(RevisionMismatch):
            store.delete(key("a"))
        assert store.revision == base

    def test_a_deletion_of_an_older_revision_loses_and_deletes_nothing(self, store: Store) -> None:
        old = put(store, "a").revision
        put(store, "a", x=1)
        with pytest.raises(RevisionMismatch) as lost:
            store.delete(key("a"), expected=old)
        assert lost.value.current["x"] == store.get(key("a"))["x"] == 1

    def test_a_deletion_carries_the_last_state_at_its_own_revision(self, store: Store) -> None:
        put(store, "a", x=1)
        base = store.revision
        event = store.delete(key("a"), expected=base)
        assert (event.type, event.object["x"], event.revision) == ("DELETED", 1, base + 1)
        assert event.object["metadata"]["resourceVersion"] == str(base + 1)
        assert event.previous["metadata"]["resourceVersion"] == str(base)

    # -------------------------------------------------------------------------------------------------- snapshot reads

    def test_the_past_can_be_read_at_every_revision(self, store: Store) -> None:
        base = store.revision
        put(store, "a", x=1)
        put(store, "a", x=2)
        store.delete(key("a"))
        put(store, "a", x=3)
        past = [store.get(key("a"), revision=revision) for revision in range(base, base + 5)]
        assert [each and each["x"] for each in past] == [None, 1, 2, None, 3]

    def test_a_list_of_the_past_has_what_lived_then_in_key_order(self, store: Store) -> None:
        for name in ("b", "a", "c"):
            put(store, name)
        then = store.revision
        put(store, "a", x=1)
        store.delete(key("b"))
        assert names(store.list("pods")) == ["a", "c"]
        page = store.list("pods", revision=then)
        assert (names(page), page.revision) == (["a", "b", "c"], then)
        assert "x" not in page.items[0]

    def test_a_list_has_nothing_of_other_namespaces_and_resources(self, store: Store) -> None:
        for namespace in ("a", "a-b", "ab", "b"):
            put(store, "x", namespace)
        store.put(key("y", "a", "podsets"), obj("y", "a"))
        store.put(key("y", "a", "pod"), obj("y", "a"))
        for then in (None, store.revision):
            assert [each["metadata"]["namespace"] for each in store.list("pods", "a", revision=then).items] == ["a"]

    def test_keys_are_ordered_by_namespace_first_and_then_by_name(self, store: Store) -> None:
        keys = [key(name, namespace) for namespace in ("a", "a-b", "a.b", "ab") for name in ("x", "x-y", "x.y", "xy")]
        for _, namespace, name in reversed(keys):
            put(store, name, namespace)
        listed = store.list("pods").items
        assert [key(each["metadata"]["name"], each["metadata"]["namespace"]) for each in listed] == keys

    def test_cluster_scoped_objects_are_listed_too(self, store: Store) -> None:
        store.put(("nodes", "", "n1"), {"metadata": {"name": "n1"}})
        assert names(store.list("nodes")) == ["n1"]

    def test_pages_join_to_the_whole_snapshot_though_the_store_moves_on(self, store: Store) -> None:
        for name in "abcde":
            put(store, name)
        first = store.list("pods", limit=2)
        store.delete(key("d"))
        put(store, "cc")
        second = store.list("pods", revision=first.revision, limit=2, after=first.last)
        third = store.list("pods", revision=first.revision, limit=2, after=second.last)
        assert names(first) + names(second) + names(third) == list("abcde")
        assert [page.remaining for page in (first, second, third)] == [3, 1, 0]

    def test_pages_of_one_namespace_stay_in_it(self, store: Store) -> None:
        for namespace, name in (("a", "x"), ("b", "x"), ("b", "y"), ("c", "x")):
            put(store, name, namespace)
        page = store.list("pods", "b", limit=1)
        assert (names(page), page.remaining) == (["x"], 1)
        page = store.list("pods", "b", limit=1, after=page.last)
        assert (names(page), page.remaining) == (["y"], 0)

    def test_a_page_after_the_last_key_is_empty(self, store: Store) -> None:
        put(store, "a")
        page = store.list("pods", limit=1, after=key("a"))
        assert (page.items, page.remaining, page.last) == ([], 0, None)

    # ------------------------------------------------------------------------------------------------------ compaction

    def test_compaction_forgets_the_past_and_keeps_the_rest(self, store: Store) -> None:
        put(store, "a", x=1)
        put(store, "a", x=2)
        put(store, "b")
        store.delete(key("b"))
        newest = store.revision
        store.compact(newest)
        assert store.compacted_revision == newest
        assert store.get(key("a"), revision=newest)["x"] == 2
        assert names(store.list("pods", revision=newest)) == ["a"]
        with pytest.raises(Compacted):
            store.get(key("a"), revision=newest - 1)
        with pytest.raises(Compacted):
            store.list("pods", revision=newest - 1)
        with pytest.raises(Compacted):
            store.events(newest - 1)
        assert list(store.events(newest)) == []

    def test_compaction_in_the_middle_keeps_what_later_revisions_can_see(self, store: Store) -> None:
        put(store, "a", x=1)
        middle = put(store, "a", x=2).revision
        put(store, "b")
        store.delete(key("a"))
        put(store, "b", x=1)
        store.compact(middle)
        past = [store.get(key("a"), revision=revision) for revision in range(middle, middle + 4)]
        assert [each and each["x"] for each in past] == [2, 2, None, None]
        events = list(store.events(middle))
        assert [(event.type, event.key[2], event.revision) for event in events] == [
            ("ADDED", "b", middle + 1), ("DELETED", "a", middle + 2), ("MODIFIED", "b", middle + 3),
        ]  # fmt: skip
        assert (events[1].object["x"], events[1].previous["metadata"]["resourceVersion"]) == (2, str(middle))

    def test_what_is_written_after_a_compaction_can_be_compacted_again(self, store: Store) -> None:
        first = put(store, "a", x=1).revision
        store.compact(first)
        put(store, "a", x=2)
        assert [event.revision for event in store.events(first)] == [first + 1]
        store.compact(first + 1)
        assert store.get(key("a"), revision=first + 1)["x"] == 2

    def test_compacting_to_an_older_revision_than_before_is_refused(self, store: Store) -> None:
        first, second = put(store, "a").revision, put(store, "a").revision
        store.compact(second)
        store.compact(second)
        with pytest.raises(Compacted):
            store.compact(first)

    def test_the_future_can_neither_be_read_nor_compacted(self, store: Store) -> None:
        beyond = store.revision + 1
        for read in (lambda: store.get(key("a"), revision=beyond), lambda: store.list("pods", revision=beyond)):
            with pytest.raises(FutureRevision) as refused:
                read()
            assert (refused.value.asked, refused.value.current) == (beyond, beyond - 1)
        with pytest.raises(FutureRevision):
            store.compact(beyond)

    # ----------------------------------------------------------------------------------------------------------- watch

    def test_events_since_a_revision_are_all_the_later_ones(self, store: Store) -> None:
        base = store.revision
        for name in "abc":
            put(store, name)
        assert [(event.revision, event.key) for event in store.events(base + 1)] == [
            (base + 2, key("b")), (base + 3, key("c")),
        ]  # fmt: skip
        assert list(store.events(base + 3)) == []

    def test_history_tells_what_subscribers_heard(self, store: Store) -> None:
        base, heard = store.revision, []
        store.subscribe(heard.append)
        put(store, "a", x=1)
        put(store, "a", x=2)
        store.delete(key("a"))
        put(store, "a")
        assert list(store.events(base)) == heard
        assert [(event.type, event.previous and event.previous["x"]) for event in heard] == [
            ("ADDED", None), ("MODIFIED", 1), ("DELETED", 2), ("ADDED", None),
        ]  # fmt: skip

    def test_a_long_history_is_complete_and_in_order(self, store: Store) -> None:
        base = store.revision
        for number in range(1100):
            put(store, str(number % 7), x=number)
        events = list(store.events(base))
        assert [event.object["x"] for event in events] == list(range(1100))
        assert [event.revision for event in events] == list(range(base + 1, base + 1101))

    def test_subscribers_hear_every_commit_in_order_until_they_stop(self, store: Store) -> None:
        base, heard = store.revision, []
        stop = store.subscribe(lambda event: heard.append((event.type, event.revision - base)))
        put(store, "a")
        put(store, "a")
        store.delete(key("a"))
        stop()
        put(store, "a")
        assert heard == [("ADDED", 1), ("MODIFIED", 2), ("DELETED", 3)]

    def test_a_write_is_heard_before_its_writer_goes_on(self, store: Store) -> None:
        heard: list[StoreEvent] = []
        store.subscribe(heard.append)
        for number in range(20):
            event = put(store, "a", x=number)
            assert heard[-1] == event

    def test_what_was_refused_is_heard_by_nobody(self, store: Store) -> None:
        put(store, "a")
        heard: list[StoreEvent] = []
        store.subscribe(heard.append)
        with pytest.raises(RevisionMismatch):
            store.put(key("a"), obj("a"), expected=0)
        with pytest.raises(RevisionMismatch):
            store.delete(key("b"))
        assert (store.get(key("a"))["kind"], heard) == ("Pod", [])


class LeaseContract:
    """Leases, as far as they do not depend on whose clock counts."""

    def test_the_store_has_leases(self, store: Store) -> None:
        assert isinstance(store, Leasing)

    def test_revoking_deletes_the_keys_at_once(self, store: Store) -> None:
        lease = store.grant(10)
        heard: list[StoreEvent] = []
        for name in "ab":
            store.put(key(name), obj(name), lease=lease)
        put(store, "c")
        store.subscribe(heard.append)
        assert store.revoke(lease) == 2
        assert names(store.list("pods")) == ["c"]
        assert [(event.type, event.key[2]) for event in heard] == [("DELETED", "a"), ("DELETED", "b")]

    def test_a_later_put_without_lease_detaches_the_key(self, store: Store) -> None:
        lease = store.grant(10)
        store.put(key("a"), obj("a"), lease=lease)
        put(store, "a")
        assert store.revoke(lease) == 0
        assert store.get(key("a")) is not None

    def test_a_key_deleted_before_its_lease_ends_is_not_deleted_again(self, store: Store) -> None:
        lease = store.grant(10)
        store.put(key("a"), obj("a"), lease=lease)
        store.delete(key("a"))
        assert store.revoke(lease) == 0

    def test_an_unknown_lease_is_refused_before_anything_is_written(self, store: Store) -> None:
        base = store.revision
        with pytest.raises(LeaseNotFound, match="grant a new one"):
            store.put(key("a"), obj("a"), lease=7)
        with pytest.raises(LeaseNotFound):
            store.keep_alive(7, 0)
        with pytest.raises(LeaseNotFound):
            store.revoke(7)
        assert (store.revision, store.get(key("a"))) == (base, None)

    def test_a_lease_says_when_it_will_run_out_when_it_is_renewed(self, store: Store) -> None:
        assert store.keep_alive(store.grant(10), 8) == 18


class ExpiryContract:
    """Leases that run out by the time their caller names."""

    def test_keys_of_a_lease_are_deleted_when_it_has_run_out_and_not_before(self, store: Store) -> None:
        store.put(key("a"), obj("a"), lease=store.grant(10, now_s=100))
        put(store, "b")
        assert store.expire(109.9) == 0
        assert store.expire(110) == 1
        assert names(store.list("pods")) == ["b"]

    def test_an_expiry_is_an_event_like_any_other(self, store: Store) -> None:
        base = store.revision
        store.put(key("a"), obj("a"), lease=store.grant(10))
        store.expire(10)
        assert [event.type for event in store.events(base)] == ["ADDED", "DELETED"]

    def test_a_lease_kept_alive_lasts_its_full_time_again(self, store: Store) -> None:
        lease = store.grant(10)
        store.put(key("a"), obj("a"), lease=lease)
        store.keep_alive(lease, 8)
        assert store.expire(12) == 0
        assert store.expire(18) == 1


class DurableContract:
    """What another opening of the same store finds: subclasses bring a fixture `reopen`, which closes and opens it."""

    def test_what_was_acknowledged_is_there_again_at_its_revisions(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        base = store.revision
        put(store, "a", x=1)
        put(store, "a", x=2)
        put(store, "b")
        store.delete(key("b"))
        before, newest = list(store.events(base)), store.revision
        again = reopen()
        assert (again.revision, list(again.events(base))) == (newest, before)
        assert [names(again.list("pods", revision=at)) for at in range(base, newest + 1)] == [
            [], ["a"], ["a"], ["a", "b"], ["a"],
        ]  # fmt: skip
        assert put(again, "c").revision == newest + 1

    def test_a_compaction_is_remembered_and_no_revision_is_given_twice(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        put(store, "a")
        newest = store.delete(key("a")).revision
        store.compact(newest)
        again = reopen()
        assert (again.revision, again.compacted_revision) == (newest, newest)
        with pytest.raises(Compacted):
            again.events(newest - 1)
        assert put(again, "a").revision == newest + 1

    def test_a_lease_outlives_the_process_that_granted_it(self, store: Store, reopen: Callable[[], Store]) -> None:
        lease = store.grant(10)
        store.put(key("a"), obj("a"), lease=lease)
        again = reopen()
        assert again.revoke(lease) == 1
        assert again.get(key("a")) is None
