"""The scheduler places pods where there is room, once, whatever the weather."""

from typing import Any

from reference_impl.errors import ConnectionLost
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.scheduler import scheduler
from tests.reference_impl.controllers.world import World, open_world, pod, run


async def add_node(world: World, name: str, cpu: str = "4", **spec: Any) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec}
    await world.create(node)
    allocatable = {"cpu": cpu, "memory": "8Gi", "pods": "110"}
    await world.user.patch("v1", "Node", name, body={"status": {"allocatable": allocatable}}, subresource="status")


def asking(name: str, cpu: str) -> JsonObject:
    obj = pod(name)
    obj["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
    return obj


async def node_of(world: World, name: str) -> str | None:
    found: str | None = (await world.user.get("v1", "Pod", name, "default"))["spec"].get("nodeName")
    return found


def test_a_pod_is_bound_to_a_node_with_room() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "small", cpu="1")
            await add_node(world, "large", cpu="8")
            await world.start("scheduler", scheduler)
            await world.create(asking("web", "2"))
            await world.settle()
            assert await node_of(world, "web") == "large"

    run(test)


def test_pods_spread_over_equal_nodes() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "node-1")
            await add_node(world, "node-2")
            await world.start("scheduler", scheduler)
            for name in ("a", "b", "c", "d"):
                await world.create(pod(name))
            await world.settle()
            assert sorted([str(await node_of(world, name)) for name in "abcd"]) == ["node-1"] * 2 + ["node-2"] * 2

    run(test)


def test_a_node_is_never_filled_beyond_what_a_late_cache_shows() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "only", cpu="2")
            weather = await world.start("scheduler", scheduler)
            for name in ("a", "b", "c"):
                await world.create(asking(name, "1"))
            await world.settle(0.001)
            weather.hold("Pod")
            await world.settle()
            assert len(weather.writes("Pod", "create")) == 2

    run(test)


def test_a_pod_without_room_says_so_and_is_placed_when_a_node_comes() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("scheduler", scheduler)
            await world.create(pod("web"))
            await world.settle()
            [condition] = (await world.user.get("v1", "Pod", "web", "default"))["status"]["conditions"]
            assert condition["reason"] == "Unschedulable"
            assert condition["message"] == "0/0 nodes are available: no nodes."
            await add_node(world, "node-1")
            await world.settle(0.1)
            assert await node_of(world, "web") == "node-1"

    run(test)


def test_room_left_by_a_deleted_pod_is_used() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "only", cpu="1")
            await world.start("scheduler", scheduler)
            await world.create(asking("first", "1"))
            await world.settle()
            await world.create(asking("second", "1"))
            await world.settle(30)
            assert await node_of(world, "second") is None
            await world.user.delete("v1", "Pod", "first", "default", grace_period_s=0)
            await world.settle(0.1)
            assert await node_of(world, "second") == "only"

    run(test)


def test_a_lost_reply_to_a_binding_is_settled_by_a_live_look() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "node-1")
            weather = await world.start("scheduler", scheduler)
            weather.hold("Pod")
            weather.release("Pod")
            weather.lose_reply = lambda request: ConnectionLost() if request.subresource == "binding" else None
            await world.create(pod("web"))
            await world.settle(100)
            bindings = [request for request in weather.writes() if request.subresource == "binding"]
            assert len(bindings) == 1
            assert await node_of(world, "web") == "node-1"

    run(test)


def test_a_binding_refused_because_another_was_faster_is_not_repeated() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "node-1")
            weather = await world.start("scheduler", scheduler)

            async def bind_first() -> None:
                binding = {
                    "apiVersion": "v1",
                    "kind": "Binding",
                    "metadata": {"name": "web", "namespace": "default"},
                    "target": {"kind": "Node", "name": "elsewhere"},
                }
                await world.user.create(binding, subresource="binding")

            weather.hold("Pod")
            await world.create(pod("web"))
            await bind_first()
            unbound, _bound = weather.held["Pod"]
            unbound()
            await world.settle(100)
            bindings = [request for request in weather.writes() if request.subresource == "binding"]
            assert len(bindings) == 1
            assert await node_of(world, "web") == "elsewhere"

    run(test)


def test_an_ambiguous_binding_that_did_not_happen_is_made_again() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "node-1")
            weather = await world.start("scheduler", scheduler)
            refused: list[ApiRequest] = []

            def refuse_first(request: ApiRequest) -> ConnectionLost | None:
                if request.subresource == "binding" and not refused:
                    refused.append(request)
                    return ConnectionLost()
                return None

            weather.refuse = refuse_first
            await world.create(pod("web"))
            await world.settle()
            assert await node_of(world, "web") == "node-1"

    run(test)


def test_a_deleted_pod_leaves_no_assumption_behind() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "only", cpu="1")
            weather = await world.start("scheduler", scheduler)
            await world.create(asking("first", "1"))
            await world.settle(0.0)
            weather.hold("Pod")
            await world.settle()
            await world.user.delete("v1", "Pod", "first", "default", grace_period_s=0)
            weather.held["Pod"].clear()  # bound and deleted while the stream was cut
            weather.release("Pod")
            await world.create(asking("second", "1"))
            await world.settle(60)
            assert await node_of(world, "second") == "only"

    run(test)


def test_other_schedulers_pods_are_left_alone() -> None:
    async def test() -> None:
        async with open_world() as world:
            await add_node(world, "node-1")
            weather = await world.start("scheduler", scheduler)
            await world.create(pod("web", schedulerName="mine"))
            await world.settle()
            assert weather.writes() == []

    run(test)
