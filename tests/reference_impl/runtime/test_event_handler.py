from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import trio_test

from reference_impl.protocol import JsonObject
from reference_impl.runtime import Controller, Process, Request, Watch
from tests.reference_impl.runtime.fakes import World, pod, reference, settle


async def _nothing(request: Request) -> None:
    pass


class Enqueued:
    """What a set of watches enqueues, one event at a time."""

    def __init__(self, *watches: Watch) -> None:
        self.world = World()
        self.process = Process(self.world.client, Controller("c", _nothing, watches))
        self.requests: list[Request] = []
        self.process.loops[0].queue.add = self.requests.append  # type: ignore[method-assign]
        self.process.loops[0]._mapper._enqueue = self.requests.append

    async def after(self, *events: Callable[[], Any]) -> list[Request]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.process.run)
            await settle()
            for event in events:
                self.requests.clear()
                event()
                await settle()
            nursery.cancel_scope.cancel()
        return self.requests

    async def after_put(self, *objects: JsonObject) -> list[Request]:
        return await self.after(*(lambda obj=obj: self.world.server.put(obj) for obj in objects))


ONE = reference("ReplicaSet", "one")
TWO = reference("ReplicaSet", "two")


@trio_test
async def test_a_plain_watch_enqueues_the_object_itself_once() -> None:
    assert set(await Enqueued(Watch("v1", "Pod")).after_put(pod("a"), pod("a"))) == {Request("default", "a")}


@trio_test
async def test_an_owner_watch_enqueues_the_controlling_owner_in_the_same_namespace() -> None:
    owned = Enqueued(Watch("v1", "Pod", owner="ReplicaSet"))
    assert await owned.after_put(pod("a", "shop", owner=ONE)) == [Request("shop", "one")]


@trio_test
async def test_a_changed_owner_reference_enqueues_the_former_owner_too() -> None:
    owned = Enqueued(Watch("v1", "Pod", owner="ReplicaSet"))
    assert await owned.after_put(pod("a", owner=ONE), pod("a", owner=TWO)) == [
        Request("default", "one"),
        Request("default", "two"),
    ]


@trio_test
async def test_a_removed_owner_reference_still_enqueues_the_owner() -> None:
    owned = Enqueued(Watch("v1", "Pod", owner="ReplicaSet"))
    assert await owned.after_put(pod("a", owner=ONE), pod("a")) == [Request("default", "one")]


@trio_test
async def test_a_deleted_object_enqueues_its_owner() -> None:
    owned = Enqueued(Watch("v1", "Pod", owner="ReplicaSet"))
    server = owned.world.server
    events = (lambda: server.put(pod("a", owner=ONE)), lambda: server.remove("Pod", "a"))
    assert await owned.after(*events) == [Request("default", "one")]


@trio_test
async def test_an_owner_that_does_not_control_is_enqueued_only_on_request() -> None:
    plain = reference("ReplicaSet", "one", controller=False)
    assert await Enqueued(Watch("v1", "Pod", owner="ReplicaSet")).after_put(pod("a", owner=plain)) == []
    every = Enqueued(Watch("v1", "Pod", owner="ReplicaSet", controller_only=False))
    assert await every.after_put(pod("a", owner=plain)) == [Request("default", "one")]


@trio_test
async def test_the_owners_api_group_must_agree_and_its_version_need_not() -> None:
    watch = Watch("v1", "Pod", owner="ReplicaSet", owner_api_version="apps/v1beta2")
    assert await Enqueued(watch).after_put(pod("a", owner=ONE)) == [Request("default", "one")]
    stranger = reference("ReplicaSet", "one", api_version="example.com/v1")
    assert await Enqueued(watch).after_put(pod("a", owner=stranger)) == []


@trio_test
async def test_the_owners_api_group_is_that_of_the_controllers_own_watch_on_it() -> None:
    watches = (Watch("example.com/v1", "ReplicaSet"), Watch("v1", "Pod", owner="ReplicaSet"))
    assert await Enqueued(*watches).after_put(pod("a", owner=ONE)) == []


@trio_test
async def test_a_cluster_scoped_owner_is_known_by_what_its_watch_has_cached() -> None:
    owned = Enqueued(Watch("v1", "Node"), Watch("v1", "Pod", owner="Node"))
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
    assert await owned.after_put(node, pod("a", owner=reference("Node", "n", api_version="v1"))) == [Request(None, "n")]


@trio_test
async def test_a_cluster_scoped_owner_can_be_declared() -> None:
    owned = Enqueued(Watch("v1", "Pod", owner="Node", owner_namespaced=False))
    assert await owned.after_put(pod("a", owner=reference("Node", "n", api_version="v1"))) == [Request(None, "n")]


@trio_test
async def test_a_map_is_asked_about_the_old_and_the_new_object() -> None:
    mapped = Enqueued(Watch("v1", "Pod", map=lambda obj: [Request(None, obj["metadata"]["labels"]["of"])]))
    assert await mapped.after_put(pod("a", of="x"), pod("a", of="y")) == [Request(None, "x"), Request(None, "y")]


@trio_test
async def test_async_maps_run_in_the_order_of_the_events() -> None:
    async def slow_first(obj: JsonObject) -> list[Request]:
        name = obj["metadata"]["name"]
        if name == "slow":
            await mapped.world.client.sleep(1)
        return [Request(None, name)]

    mapped = Enqueued(Watch("v1", "Pod", map=slow_first))
    server = mapped.world.server
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mapped.process.run)
        await settle()
        server.put(pod("slow"))
        server.put(pod("quick"))
        await settle()
        assert (mapped.requests, mapped.process.idle) == ([], False)
        await mapped.world.clock.elapse(1)
        assert [request.name for request in mapped.requests] == ["slow", "quick"]
        assert mapped.process.idle
        nursery.cancel_scope.cancel()


@trio_test
async def test_a_plain_function_may_return_an_awaitable() -> None:
    async def answer(name: str) -> list[Request]:
        return [Request(None, name)]

    mapped = Enqueued(Watch("v1", "Pod", map=lambda obj: answer(obj["metadata"]["name"])))
    assert await mapped.after_put(pod("a")) == [Request(None, "a")]


@trio_test
async def test_maps_that_never_came_to_run_leave_no_warning_behind() -> None:
    async def stuck(obj: JsonObject) -> list[Request]:
        await trio.sleep_forever()
        return []

    mapped = Enqueued(Watch("v1", "Pod", map=lambda obj: stuck(obj)))
    await mapped.after_put(pod("a"), pod("b"))  # an unawaited coroutine would warn, and warnings are errors


@pytest.mark.parametrize("answer", [Request(None, "x"), ["x"], 7], ids=["lone", "strings", "number"])
def test_a_map_that_returns_something_else_is_told_what_to_return(answer: Any) -> None:
    mapped = Enqueued(Watch("v1", "Pod", map=lambda obj: answer))
    with pytest.raises(ExceptionGroup) as caught:
        trio.run(mapped.after_put, pod("a"))
    assert "Request(namespace, name)" in str(caught.value.exceptions[0])


@trio_test
async def test_a_predicate_sees_the_event_and_decides() -> None:
    calls: list[tuple[str, bool, bool]] = []

    def predicate(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
        calls.append((event_type, old is not None, new is not None))
        return event_type == "DELETED"

    watched = Enqueued(Watch("v1", "Pod", predicate=predicate))
    server = watched.world.server
    put, remove = (lambda: server.put(pod("a"))), (lambda: server.remove("Pod", "a"))
    assert await watched.after(put, put, remove) == [Request("default", "a")]
    assert calls == [("ADDED", False, True), ("MODIFIED", True, True), ("DELETED", True, False)]
