from trio.testing import trio_test

from reference_impl.errors import Forbidden
from reference_impl.protocol import JsonObject
from tests.reference_impl.runtime.fakes import World, pod


def events(world: World) -> list[JsonObject]:
    return [obj for (kind, _, _), obj in world.server.objects.items() if kind == "Event"]


@trio_test
async def test_an_event_says_what_happened_to_what() -> None:
    world = World()
    await world.client.record(world.server.put(pod("a", "shop")), "Warning", "Failed", "no room")
    (event,) = events(world)
    assert (event["type"], event["reason"], event["message"], event["count"]) == ("Warning", "Failed", "no room", 1)
    assert event["involvedObject"]["name"] == "a"
    assert event["metadata"]["namespace"] == "shop"
    assert event["source"] == {"component": "website"}


@trio_test
async def test_the_same_event_again_is_counted_although_the_object_has_moved_on() -> None:
    world = World()
    obj = world.server.put(pod("a"))
    await world.client.record(obj, "Normal", "Scaled", "to 3")
    await world.client.record(world.server.put(obj), "Normal", "Scaled", "to 3")
    await world.client.record(obj, "Normal", "Scaled", "to 4")
    assert [(event["message"], event["count"]) for event in events(world)] == [("to 3", 2), ("to 4", 1)]


@trio_test
async def test_an_event_that_expired_is_recorded_afresh() -> None:
    world = World()
    obj = world.server.put(pod("a"))
    await world.client.record(obj, "Normal", "Scaled", "to 3")
    world.server.objects = {key: obj for key, obj in world.server.objects.items() if key[0] != "Event"}
    await world.client.record(obj, "Normal", "Scaled", "to 3")
    assert [event["count"] for event in events(world)] == [1]


@trio_test
async def test_recording_never_raises_an_api_error() -> None:
    world = World()
    world.server.plan("create", Forbidden("quota"))
    await world.client.record(pod("a"), "Normal", "Scaled", "to 3")
    assert events(world) == []


@trio_test
async def test_an_event_on_a_cluster_scoped_object_lives_in_default() -> None:
    world = World()
    await world.client.record({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n"}}, "Normal", "Up", "")
    assert events(world)[0]["metadata"]["namespace"] == "default"
