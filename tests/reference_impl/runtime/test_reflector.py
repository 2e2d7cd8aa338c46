"""Each test drives one informer against the fake server and looks at what was asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import (
    ConnectionLost,
    Gone,
    InternalError,
    NotFound,
    TooLargeResourceVersion,
    TooManyRequests,
    Unreachable,
)
from reference_impl.runtime import Informer
from tests.reference_impl.runtime.fakes import World, pod, settle


@asynccontextmanager
async def informing(world: World) -> AsyncIterator[Informer]:
    informer = Informer(world.environment, "v1", "Pod")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(informer.run)
        await settle()
        yield informer
        nursery.cancel_scope.cancel()


def versions(world: World, verb: str) -> list[str | None]:
    return [request.resource_version for request in world.server.asked(verb)]


@trio_test
async def test_the_first_list_takes_any_revision_and_the_watch_goes_on_from_it() -> None:
    world = World()
    world.server.put(pod("a"))
    async with informing(world) as informer:
        assert versions(world, "list") == ["0"]
        assert versions(world, "watch") == ["11"]
        assert world.server.asked("watch")[0].allow_bookmarks
        assert (informer.synced, informer.last_revision, list(informer.items)) == (True, 11, [("default", "a")])


@trio_test
async def test_events_keep_the_cache_up_to_date() -> None:
    world = World()
    async with informing(world) as informer:
        world.server.put(pod("a"))
        world.server.put(pod("b"))
        world.server.put(pod("a", tier="web"))
        world.server.remove("Pod", "b")
        assert [obj["metadata"]["labels"] for obj in informer.items.values()] == [{"tier": "web"}]
        assert informer.last_revision == world.server.revision


@trio_test
async def test_a_closed_stream_is_resumed_from_the_last_revision_without_a_list() -> None:
    world = World()
    async with informing(world) as informer:
        world.server.put(pod("a"))
        stream = world.server.streams[0]
        stream.close()
        world.server.put(pod("unseen"))
        stream.closed(None)
        await settle()
        assert versions(world, "watch") == ["10", "11"]
        assert len(versions(world, "list")) == 1
        assert ("default", "unseen") in informer.items


@trio_test
async def test_a_broken_connection_is_resumed_like_a_closed_stream() -> None:
    world = World()
    async with informing(world):
        world.server.put(pod("a"))
        world.server.streams[0].end(ConnectionLost())
        await settle()
        assert versions(world, "watch") == ["10", "11"]
        assert len(versions(world, "list")) == 1


@trio_test
async def test_a_bookmark_moves_the_revision_to_resume_from() -> None:
    world = World()
    async with informing(world) as informer:
        world.server.streams[0].send("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "99"}})
        assert (informer.last_revision, informer.items) == (99, {})
        world.server.streams[0].end()
        await settle()
        assert versions(world, "watch")[-1] == "99"


@trio_test
async def test_a_very_short_watch_without_events_leads_to_a_list_after_a_back_off() -> None:
    world = World()
    async with informing(world):
        world.server.streams[0].end()
        await settle()
        assert len(versions(world, "list")) == 1
        await world.clock.elapse(1.7)
        assert versions(world, "list") == ["0", "10"]


@trio_test
async def test_a_quiet_stream_that_lasted_is_resumed() -> None:
    world = World()
    async with informing(world):
        await world.clock.elapse(60)
        world.server.streams[0].end()
        await settle()
        assert (len(versions(world, "list")), len(versions(world, "watch"))) == (1, 2)


@trio_test
async def test_gone_in_the_stream_leads_to_a_list_not_older_than_what_was_seen() -> None:
    world = World()
    async with informing(world):
        world.server.put(pod("a"))
        stream = world.server.streams[0]
        stream.send("ERROR", Gone("too old").to_status() | {"metadata": {"resourceVersion": "0"}})
        await world.clock.elapse(1.7)
        assert versions(world, "list") == ["0", "11"]
        assert len(world.server.streams) == 1


@trio_test
async def test_a_watch_refused_as_gone_leads_to_a_list_not_older_than_what_was_seen() -> None:
    world = World()
    async with informing(world):
        world.server.put(pod("a"))
        world.server.revision = world.server.compacted = 50
        world.server.streams[0].end()
        await settle()
        await world.clock.elapse(1.7)
        assert versions(world, "list") == ["0", "11"]
        assert versions(world, "watch")[-1] == "50"


@pytest.mark.parametrize("error", [Gone(), TooLargeResourceVersion(10, 3)], ids=["gone", "too large"])
def test_a_list_that_the_server_cannot_serve_falls_back_to_a_quorum_read(error: Exception) -> None:
    async def main() -> None:
        world = World()
        world.server.plan("list", error)  # type: ignore[arg-type]  # an ApiError
        async with informing(world) as informer:
            assert versions(world, "list") == ["0", None]
            assert informer.synced

    trio.run(main)


@trio_test
async def test_after_an_unavailable_revision_lists_stay_unversioned_until_one_succeeds() -> None:
    world = World()
    world.server.plan("list", Gone(), InternalError())
    async with informing(world) as informer:
        await world.clock.elapse(1.7)
        assert versions(world, "list") == ["0", None, None]
        informer.relist()
        await settle()
        assert versions(world, "list")[-1] == "10"


@trio_test
async def test_a_kind_that_is_not_served_counts_as_synced_and_empty_and_is_asked_for_again() -> None:
    world = World()
    world.server.put(pod("a"))
    world.server.plan("list", NotFound("the server could not find the requested resource"))
    async with informing(world) as informer:
        assert (informer.synced, informer.items) == (True, {})
        await world.clock.elapse(1.7)
        assert versions(world, "list") == ["0", "0"]
        assert list(informer.items) == [("default", "a")]


@trio_test
async def test_failing_lists_back_off_from_800_ms_doubling() -> None:
    world = World()
    world.environment.random.random = lambda: 0.0  # type: ignore[method-assign]  # no jitter
    world.server.plan("list", *(InternalError() for _ in range(8)))
    async with informing(world) as informer:
        counts = []
        for gap_s in (0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30):
            await world.clock.elapse(gap_s)
            counts.append(len(versions(world, "list")))
        assert counts == [2, 3, 4, 5, 6, 7, 8, 9]
        assert informer.synced


@pytest.mark.parametrize("error", [Unreachable(), TooManyRequests()], ids=["refused", "throttled"])
def test_a_watch_that_a_busy_server_refuses_is_tried_again_without_a_list(error: Exception) -> None:
    async def main() -> None:
        world = World()
        world.server.plan("watch", error)  # type: ignore[arg-type]  # an ApiError
        async with informing(world):
            await world.clock.elapse(1.7)
            assert (len(versions(world, "list")), len(versions(world, "watch"))) == (1, 2)

    trio.run(main)


@trio_test
async def test_a_watch_that_fails_otherwise_leads_to_a_list() -> None:
    world = World()
    world.server.plan("watch", InternalError())
    async with informing(world):
        await world.clock.elapse(1.7)
        assert (len(versions(world, "list")), len(versions(world, "watch"))) == (2, 2)


@trio_test
async def test_relist_drops_the_stream_and_lists_at_once() -> None:
    world = World()
    async with informing(world) as informer:
        world.server.silent = True
        world.server.put(pod("a"))
        assert informer.items == {}
        informer.relist()
        await settle()
        assert versions(world, "list") == ["0", "10"]
        assert list(informer.items) == [("default", "a")]
        assert len(world.server.streams) == 1


@trio_test
async def test_relist_cuts_a_back_off_short() -> None:
    world = World()
    world.server.plan("list", InternalError())
    async with informing(world) as informer:
        assert not informer.synced
        informer.relist()
        await settle()
        assert informer.synced


@trio_test
async def test_a_late_callback_of_an_old_stream_reaches_nobody() -> None:
    world = World()
    async with informing(world) as informer:
        old = world.server.streams[0]
        informer.relist()
        await settle()
        old.send("ADDED", world.server.put(pod("a")) | {"metadata": {"name": "ghost", "resourceVersion": "999"}})
        old.closed(None)
        await settle()
        assert list(informer.items) == [("default", "a")]
        assert len(world.server.streams) == 1


@trio_test
async def test_what_a_handler_raises_ends_the_informer_and_not_the_sender() -> None:
    world = World()
    informer = Informer(world.environment, "v1", "Pod")

    def fail(*_: object) -> None:
        raise ZeroDivisionError("in a handler")

    informer.add_handler(fail)
    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012  # the nursery is what raises
        async with trio.open_nursery() as nursery:
            nursery.start_soon(informer.run)
            await settle()
            world.server.put(pod("a"))
            await settle()
    assert caught.value.subgroup(ZeroDivisionError)
