"""The disruption controller: how many pods may go, kept so that evictions never go beyond it."""

from typing import Any

import pytest

from reference_impl.controllers.disruption import disruption
from reference_impl.controllers.replicaset import replicaset
from reference_impl.errors import TooManyRequests
from reference_impl.objects import name_of
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.pod_runner import pod_runner
from tests.reference_impl.controllers.world import World, open_world, pod, replica_set, run

POLICY, BUDGET = "policy/v1", "PodDisruptionBudget"


def budget(**spec: Any) -> JsonObject:
    return {
        "apiVersion": POLICY,
        "kind": BUDGET,
        "metadata": {"name": "front", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "front"}}, **spec},
    }


async def status(world: World) -> JsonObject:
    found: JsonObject = (await world.user.get(POLICY, BUDGET, "front", "default")).get("status") or {}
    return found


async def counts(world: World) -> tuple[int, int, int, int]:
    """(expected, healthy, desired, allowed)"""
    now = await status(world)
    return now["expectedPods"], now["currentHealthy"], now["desiredHealthy"], now["disruptionsAllowed"]


async def evict(world: World, name: str) -> None:
    eviction = {
        "apiVersion": POLICY,
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": "default"},
    }
    await world.user.create(eviction, subresource="eviction")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"minAvailable": 2}, (4, 4, 2, 2)),
        ({"minAvailable": "75%"}, (4, 4, 3, 1)),
        ({"minAvailable": "60%"}, (4, 4, 3, 1)),
        ({"maxUnavailable": 1}, (4, 4, 3, 1)),
        ({"maxUnavailable": "30%"}, (4, 4, 2, 2)),
        ({"minAvailable": 9}, (4, 4, 9, 0)),
        ({}, (0, 4, 0, 0)),
    ],
)
def test_the_bounds_are_numbers_or_shares_rounded_up(spec: JsonObject, expected: tuple[int, int, int, int]) -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("replicaset", replicaset)
            await world.start("disruption", disruption)
            await world.create(replica_set(replicas=4))
            await world.create(budget(**spec))
            await world.settle()
            assert await counts(world) == expected
            assert (await status(world))["observedGeneration"] == 1

    run(test)


def test_pods_that_are_not_ready_use_up_the_budget() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("disruption", disruption)
            await world.create(budget(minAvailable=1))
            for name in ("a", "b"):
                await world.create(pod(name))
            await world.settle()
            assert (await counts(world))[3] == 1
            await world.say(await world.user.get("v1", "Pod", "a", "default"), ready=False)
            await world.settle()
            assert await counts(world) == (2, 1, 1, 0)

    run(test)


def test_a_budget_without_pods_allows_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("disruption", disruption)
            await world.create(budget(minAvailable=0))
            await world.settle()
            assert await counts(world) == (0, 0, 0, 0)

    run(test)


def test_evictions_stop_at_the_budget() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("disruption", disruption)
            await world.create(budget(minAvailable=1))
            for name in ("a", "b"):
                await world.create(pod(name))
            await world.settle()
            await evict(world, "a")
            await world.settle()
            with pytest.raises(TooManyRequests):
                await evict(world, "b")
            assert [name_of(one) for one in await world.pods()] == ["b"]

    run(test)


def test_a_cache_that_has_not_heard_of_an_eviction_gives_nothing_back() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("disruption", disruption)
            await world.create(budget(minAvailable=1))
            for name in ("a", "b"):
                await world.create(pod(name))
            await world.settle()
            weather.hold("Pod")
            await evict(world, "a")
            await world.settle(200)
            assert (await status(world))["disruptionsAllowed"] == 0
            with pytest.raises(TooManyRequests):
                await evict(world, "b")

    run(test)


def test_an_eviction_that_deleted_nothing_expires_after_two_minutes() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("disruption", disruption)
            await world.create(budget(minAvailable=1))
            for name in ("a", "b"):
                await world.create(pod(name))
            await world.settle()
            since = world.user.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            spent = {"disruptedPods": {"a": since}, "disruptionsAllowed": 0}
            await world.user.patch(POLICY, BUDGET, "front", "default", body={"status": spent}, subresource="status")
            await world.settle(100)
            assert (await status(world))["disruptedPods"] == {"a": since}
            assert (await counts(world))[1:] == (1, 1, 0)
            await world.settle(30)
            assert "disruptedPods" not in await status(world)
            assert (await counts(world))[3] == 1

    run(test)


def test_a_scaled_owner_changes_what_is_expected() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner(lambda _: False))
            await world.start("replicaset", replicaset)
            await world.start("disruption", disruption)
            await world.create(replica_set(replicas=2))
            await world.create(budget(maxUnavailable=1))
            await world.settle()
            await world.crash("replicaset")
            await world.user.patch("apps/v1", "ReplicaSet", "front", "default", body={"spec": {"replicas": 7}})
            await world.settle()
            assert (await counts(world))[0] == 7

    run(test)


def test_pods_whose_owner_has_no_scale_allow_nothing_and_say_why() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("disruption", disruption)
            owned = pod("a")
            owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "u", "controller": True}
            owned["metadata"] = {**owned["metadata"], "ownerReferences": [owner]}
            await world.create(owned)
            await world.create(budget(maxUnavailable=1))
            await world.settle()
            failed = await status(world)
            assert failed["disruptionsAllowed"] == 0
            assert failed["conditions"][0]["reason"] == "SyncFailed"

    run(test)


def test_at_rest_it_writes_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("disruption", disruption)
            await world.create(budget(minAvailable=1))
            await world.create(pod("a"))
            await world.settle()
            weather.requests.clear()
            await world.user.patch(
                POLICY, BUDGET, "front", "default", body={"metadata": {"annotations": {"touched": "yes"}}}
            )
            await world.settle(60)
            assert weather.writes() == []

    run(test)
