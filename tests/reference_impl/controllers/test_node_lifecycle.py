"""Silent nodes are tainted and drained, late, and not by mistake; pods of lost nodes are cleaned up."""

import pytest

from reference_impl.controllers.node_lifecycle import node_lifecycle
from reference_impl.controllers.pod_eviction import stays_for_s
from reference_impl.kubelet import kubelet
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.world import World, open_world, pod, run


async def start(world: World, *nodes: str) -> None:
    await world.start("node-lifecycle", node_lifecycle)
    for node in nodes:
        await world.start(node, kubelet(node))
    await world.settle(10)


async def taints(world: World, name: str = "node-1") -> list[str]:
    node = await world.user.get("v1", "Node", name)
    return [f"{item['key'].rpartition('/')[2]}:{item['effect']}" for item in node["spec"].get("taints") or ()]


def test_a_node_that_beats_is_left_alone() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1")
            await world.settle(1000)
            assert world.weather["node-lifecycle"].writes() == []

    run(test)


def test_a_silent_node_is_tainted_after_forty_seconds_and_cleared_when_it_is_back() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1", "node-2")
            await world.crash("node-1")
            await world.settle(30)
            assert await taints(world) == []
            await world.settle(30)
            assert await taints(world) == ["unreachable:NoSchedule", "unreachable:NoExecute"]
            await world.start("node-1", kubelet("node-1"))
            await world.settle(10)
            assert await taints(world) == []

    run(test)


def test_its_pods_are_evicted_after_their_toleration() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1", "node-2")
            created = await world.create(pod("web", nodeName="node-1"))
            await world.settle(10)
            await world.crash("node-1")
            await world.settle(300)
            assert not (await world.pods())[0]["metadata"].get("deletionTimestamp")
            await world.settle(60)
            assert (await world.pods())[0]["metadata"]["deletionTimestamp"]
            [request] = world.weather["node-lifecycle"].writes("Pod", "delete")
            assert request.precondition_uid == created["metadata"]["uid"]

    run(test)


def test_if_no_node_is_ready_nothing_is_evicted() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1")
            await world.create(pod("web", nodeName="node-1"))
            await world.settle(10)
            await world.crash("node-1")
            await world.settle(1000)
            assert await taints(world) == ["unreachable:NoSchedule"]
            assert not (await world.pods())[0]["metadata"].get("deletionTimestamp")

    run(test)


def test_a_lagging_watch_of_leases_makes_no_node_silent() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1", "node-2")
            world.weather["node-lifecycle"].hold("Lease")
            await world.settle(300)
            assert world.weather["node-lifecycle"].writes("Node") == []

    run(test)


def test_a_node_that_dies_while_the_watch_of_leases_lags_is_found_silent() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1", "node-2")
            world.weather["node-lifecycle"].hold("Lease")
            await world.settle(60)
            await world.crash("node-1")
            await world.settle(150)
            assert "unreachable:NoSchedule" in await taints(world)

    run(test)


def test_a_cordoned_node_is_tainted_and_other_taints_stay() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1")
            own = [{"key": "example.com/mine", "effect": "NoSchedule"}]
            await world.user.patch("v1", "Node", "node-1", body={"spec": {"unschedulable": True, "taints": own}})
            await world.settle()
            assert await taints(world) == ["mine:NoSchedule", "unschedulable:NoSchedule"]
            await world.user.patch("v1", "Node", "node-1", body={"spec": {"unschedulable": None}})
            await world.settle()
            assert await taints(world) == ["mine:NoSchedule"]

    run(test)


def test_pods_of_a_removed_node_are_deleted_by_force() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1", "node-2")
            await world.create(pod("web", nodeName="node-1"))
            await world.settle(10)
            await world.crash("node-1")
            await world.user.delete("v1", "Node", "node-1")
            await world.settle(30)
            assert len(await world.pods()) == 1
            await world.settle(30)
            assert await world.pods() == []

    run(test)


def test_a_node_that_the_cache_lacks_but_exists_costs_no_pod() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world, "node-1")
            world.weather["node-lifecycle"].hold("Node")
            await world.start("node-2", kubelet("node-2"))
            await world.create(pod("web", nodeName="node-2"))
            await world.settle(200)
            assert len(await world.pods()) == 1

    run(test)


UNREACHABLE = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("taint", "tolerations", "stays_s"),
    [
        (UNREACHABLE, [], 300.0),
        ({"key": "gpu", "effect": "NoExecute"}, [], 0.0),
        ({"key": "gpu", "effect": "NoSchedule"}, [], None),
        (UNREACHABLE, [{"operator": "Exists"}], None),
        (UNREACHABLE, [{"operator": "Exists", "tolerationSeconds": 30}], 30.0),
        (UNREACHABLE, [{"operator": "Exists"}, {"operator": "Exists", "tolerationSeconds": 30}], 30.0),
        (UNREACHABLE, [{"operator": "Exists", "tolerationSeconds": -1}], 0.0),
    ],
)
def test_tolerations_say_how_long_a_pod_stays(
    taint: JsonObject, tolerations: list[JsonObject], stays_s: float | None
) -> None:
    assert stays_for_s({"spec": {"tolerations": tolerations}}, {"spec": {"taints": [taint]}}) == stays_s
