from contextlib import aclosing

import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import ConnectionLost, Gone, InternalError
from tests.reference_impl.runtime.fakes import World, pod, settle

BOOKMARK = {"kind": "Pod", "metadata": {"resourceVersion": "42"}}


async def collect(world: World, seen: list[str], *, raw: bool = False) -> None:
    async for event in world.client.watch("v1", "Pod", raw=raw):
        seen.append(event["type"])


@trio_test
async def test_events_come_in_order_until_the_server_closes_the_stream() -> None:
    world, seen = World(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(collect, world, seen)
        await settle()
        world.server.put(pod("a"))
        world.server.put(pod("a"))
        world.server.remove("Pod", "a")
        world.server.streams[0].end()
    assert seen == ["ADDED", "MODIFIED", "DELETED"]


@pytest.mark.parametrize(("raw", "expected"), [(False, []), (True, ["BOOKMARK"])])
def test_bookmarks_are_hidden_unless_raw(raw: bool, expected: list[str]) -> None:
    async def main() -> None:
        world, seen = World(), []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: collect(world, seen, raw=raw))
            await settle()
            world.server.streams[0].send("BOOKMARK", BOOKMARK)
            world.server.streams[0].end()
        assert seen == expected

    trio.run(main)


@trio_test
async def test_an_error_event_is_raised_as_the_error_it_stands_for() -> None:
    world = World()
    stream = world.client.watch("v1", "Pod")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_send_when_open, world, Gone("too old resource version"))
        with pytest.raises(Gone, match="too old"):
            await anext(stream)
    assert world.server.streams == []


async def _send_when_open(world: World, error: Gone) -> None:
    await settle()
    world.server.streams[0].send("ERROR", error.to_status() | {"metadata": {"resourceVersion": "0"}})


@trio_test
async def test_a_raw_stream_yields_errors_as_events() -> None:
    world = World()
    stream = world.client.watch("v1", "Pod", raw=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_send_when_open, world, Gone("too old"))
        event = await anext(stream)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


@trio_test
async def test_a_broken_connection_is_raised_after_what_came_before_it() -> None:
    world, seen = World(), []

    async def watch() -> None:
        with pytest.raises(ConnectionLost):
            await collect(world, seen)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await settle()
        world.server.put(pod("a"))
        world.server.streams[0].end(ConnectionLost())
    assert seen == ["ADDED"]


@trio_test
async def test_a_refused_watch_raises_at_the_first_step() -> None:
    world = World()
    world.server.plan("watch", InternalError())
    stream = world.client.watch("v1", "Pod")
    with pytest.raises(InternalError):
        await anext(stream)


@trio_test
async def test_closing_early_closes_the_servers_end() -> None:
    world = World()
    world.server.put(pod("a"))
    async with aclosing(world.client.watch("v1", "Pod", resource_version="10")) as stream:
        assert (await anext(stream))["object"]["metadata"]["name"] == "a"
        assert len(world.server.streams) == 1
    assert world.server.streams == []
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


@trio_test
async def test_events_are_the_callers_own_copies() -> None:
    world = World()
    world.server.put(pod("a"))
    async with aclosing(world.client.watch("v1", "Pod", resource_version="10")) as stream:
        (await anext(stream))["object"]["spec"]["x"] = 1
    assert world.server.objects["Pod", "default", "a"]["spec"] == {}


@trio_test
async def test_initial_events_are_asked_for_as_kubernetes_demands() -> None:
    world = World()
    async with aclosing(world.client.watch("v1", "Pod", send_initial_events=True, resource_version="10")) as stream:
        with trio.move_on_after(0):
            await anext(stream)
    request = world.server.asked("watch")[0]
    assert (request.send_initial_events, request.allow_bookmarks) == (True, True)
    assert request.resource_version_match == "NotOlderThan"


@trio_test
async def test_a_revision_that_has_expired_is_an_error_event_for_a_raw_stream_and_its_end() -> None:
    world = World()
    world.server.plan("watch", Gone("too old resource version"))
    stream = world.client.watch("v1", "Pod", raw=True, resource_version="1")
    event = await anext(stream)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
