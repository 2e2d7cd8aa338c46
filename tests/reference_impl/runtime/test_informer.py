import pytest
from trio.testing import trio_test

from reference_impl.protocol import JsonObject, WatchEvent
from reference_impl.runtime import Informer
from tests.reference_impl.runtime.fakes import World, pod, reference


class Heard(list[tuple[str, str | None, str | None]]):
    """A handler that notes (event type, old revision, new revision)."""

    def __call__(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> None:
        self.append((event_type, _revision(old), _revision(new)))


def _revision(obj: JsonObject | None) -> str | None:
    return None if obj is None else obj["metadata"]["resourceVersion"]


def at(revision: int, obj: JsonObject) -> JsonObject:
    obj["metadata"]["resourceVersion"] = str(revision)
    return obj


def informer() -> tuple[Informer, Heard, World]:
    world = World()
    made, heard = Informer(world.environment, "v1", "Pod"), Heard()
    made.add_handler(heard)
    return made, heard, world


def apply(to: Informer, event_type: str, revision: int, obj: JsonObject) -> None:
    to.apply(WatchEvent(event_type, at(revision, obj), revision))


def test_handlers_hear_old_and_new() -> None:
    pods, heard, _ = informer()
    apply(pods, "ADDED", 11, pod("a"))
    apply(pods, "MODIFIED", 12, pod("a"))
    apply(pods, "DELETED", 13, pod("a"))
    assert heard == [("ADDED", None, "11"), ("MODIFIED", "11", "12"), ("DELETED", "13", None)]


def test_an_added_event_for_a_known_object_is_an_update() -> None:
    pods, heard, _ = informer()
    apply(pods, "ADDED", 11, pod("a"))
    apply(pods, "ADDED", 11, pod("a"))
    assert heard[1] == ("MODIFIED", "11", "11")


def test_a_deletion_of_an_unknown_object_is_not_reported() -> None:
    pods, heard, _ = informer()
    apply(pods, "DELETED", 11, pod("a"))
    assert heard == []


def test_an_event_older_than_the_cache_is_applied_all_the_same() -> None:
    pods, heard, _ = informer()
    apply(pods, "ADDED", 20, pod("a"))
    apply(pods, "MODIFIED", 15, pod("a"))
    assert _revision(pods.items["default", "a"]) == "15"
    assert heard[-1] == ("MODIFIED", "20", "15")


def test_a_relist_delivers_unchanged_objects_as_updates() -> None:
    pods, heard, _ = informer()
    pods.replace([at(11, pod("a"))], 11)
    pods.replace([at(11, pod("a"))], 30)
    assert heard == [("ADDED", None, "11"), ("MODIFIED", "11", "11")]
    assert pods.last_revision == 30


def test_a_deletion_found_by_a_relist_tells_the_last_known_state_and_says_so() -> None:
    pods, heard, _ = informer()
    flags: list[bool] = []
    pods.add_handler(lambda event_type, old, new: flags.append(pods.final_state_unknown))
    pods.replace([at(11, pod("a"))], 11)
    pods.replace([], 30)
    assert heard[-1] == ("DELETED", "11", None)
    assert flags == [False, True]


def test_a_resync_delivers_every_cached_object_with_old_and_new_alike() -> None:
    pods, heard, _ = informer()
    pods.replace([at(11, pod("a")), at(12, pod("b"))], 12)
    heard.clear()
    pods.resync()
    assert heard == [("MODIFIED", "11", "11"), ("MODIFIED", "12", "12")]


def test_a_late_handler_hears_of_what_is_cached_as_added() -> None:
    pods, _, _ = informer()
    pods.replace([at(11, pod("a"))], 11)
    late = Heard()
    pods.add_handler(late)
    assert late == [("ADDED", None, "11")]


def test_a_removed_handler_hears_nothing() -> None:
    pods, _, _ = informer()
    late = Heard()
    pods.add_handler(late)()
    apply(pods, "ADDED", 11, pod("a"))
    assert late == []


def test_the_cache_is_changed_before_handlers_are_told() -> None:
    pods, _, _ = informer()
    seen: list[bool] = []
    pods.add_handler(lambda event_type, old, new: seen.append(("default", "a") in pods.items))
    apply(pods, "ADDED", 11, pod("a"))
    apply(pods, "DELETED", 12, pod("a"))
    assert seen == [True, False]


@trio_test
async def test_split_delivery_changes_the_cache_first_and_tells_handlers_later() -> None:
    pods, heard, world = informer()
    pods.notify_delay_s = 2.0
    apply(pods, "ADDED", 11, pod("a"))
    assert (list(pods.items), heard) == ([("default", "a")], [])
    await world.clock.elapse(2)
    assert heard == [("ADDED", None, "11")]


@trio_test
async def test_split_notifications_never_overtake_each_other() -> None:
    pods, heard, world = informer()
    pods.notify_delay_s = 5.0
    apply(pods, "ADDED", 11, pod("a"))
    pods.notify_delay_s = 1.0
    apply(pods, "MODIFIED", 12, pod("a"))
    pods.notify_delay_s = None
    apply(pods, "MODIFIED", 13, pod("a"))
    await world.clock.elapse(4)
    assert heard == []
    await world.clock.elapse(1)
    assert [new for _, _, new in heard] == ["11", "12", "13"]


def test_pending_notifications_can_be_delivered_at_once() -> None:
    pods, heard, _ = informer()
    pods.notify_delay_s = 5.0
    apply(pods, "ADDED", 11, pod("a"))
    pods.deliver_pending()
    assert heard == [("ADDED", None, "11")]


def test_what_is_read_is_the_callers_own_copy() -> None:
    pods, _, world = informer()
    pods.replace([at(11, pod("a"))], 11)
    pods.get("a", "default")["spec"]["x"] = 1  # type: ignore[index]
    pods.list()[0]["spec"]["x"] = 1
    assert pods.items["default", "a"]["spec"] == {}
    assert world.probe.reads == [("Pod", "default", "a"), ("Pod", None, None)]


def test_the_cache_holds_the_very_object_that_was_delivered() -> None:
    pods, _, _ = informer()
    shared = at(11, pod("a"))
    pods.replace([shared], 11)
    assert pods.items["default", "a"] is shared


def test_the_owner_index_follows_changing_owner_references() -> None:
    pods, _, _ = informer()
    apply(pods, "ADDED", 11, pod("a", owner=reference("ReplicaSet", "one")))
    assert [obj["metadata"]["name"] for obj in pods.owned_by("uid-of-one")] == ["a"]
    apply(pods, "MODIFIED", 12, pod("a", owner=reference("ReplicaSet", "two")))
    assert pods.owned_by("uid-of-one") == []
    assert len(pods.owned_by("uid-of-two")) == 1
    apply(pods, "DELETED", 13, pod("a"))
    assert pods.owned_by("uid-of-two") == []


def test_an_index_added_late_covers_what_is_cached() -> None:
    pods, _, _ = informer()
    pods.replace([at(11, pod("a", tier="web")), at(12, pod("b", tier="db"))], 12)
    pods.add_index("tier", lambda obj: [obj["metadata"]["labels"]["tier"]])
    assert [obj["metadata"]["name"] for obj in pods.by_index("tier", "db")] == ["b"]


def test_cached_lists_are_reordered_where_the_environment_shuffles() -> None:
    pods, _, world = informer()
    world.environment.shuffle = lambda found: found.reverse()
    pods.replace([at(11, pod("a")), at(12, pod("b"))], 12)
    assert [obj["metadata"]["name"] for obj in pods.list()] == ["b", "a"]


def test_the_probe_hears_of_every_change_of_the_cache() -> None:
    pods, _, world = informer()
    apply(pods, "ADDED", 11, pod("a"))
    apply(pods, "DELETED", 12, pod("a"))
    assert world.probe.changes == [("default", "a", True), ("default", "a", False)]


@pytest.mark.parametrize("namespace", ["default", None])
def test_a_cluster_scoped_object_is_found_whatever_namespace_is_asked(namespace: str | None) -> None:
    nodes = Informer(World().environment, "v1", "Node")
    nodes.replace([{"kind": "Node", "metadata": {"name": "n", "resourceVersion": "11"}}], 11)
    assert nodes.get("n", namespace) is not None
