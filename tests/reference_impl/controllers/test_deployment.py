"""Deployments roll from one template to the next, within their limits, and say how far they are."""

from collections.abc import Iterator
from typing import Any

from reference_impl.controllers import rollout
from reference_impl.controllers.deployment import deployment
from reference_impl.controllers.replicaset import replicaset
from reference_impl.errors import ConnectionLost
from reference_impl.kubelet import kubelet
from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject
from reference_impl.scheduler import scheduler
from tests.reference_impl.controllers.world import TEMPLATE, World, open_world, run


def obj(replicas: int = 3, **spec: Any) -> JsonObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "front", "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "front"}}, "template": TEMPLATE, **spec},
    }


async def start(world: World) -> None:
    await world.start("deployment", deployment)
    await world.start("replicaset", replicaset)
    await world.start("scheduler", scheduler)
    await world.start("kubelet", kubelet("node-1"))


async def get(world: World) -> JsonObject:
    return await world.user.get("apps/v1", "Deployment", "front", "default")


async def sets(world: World) -> dict[str, int]:
    """Image and replicas of every ReplicaSet."""
    listed = await world.user.list("apps/v1", "ReplicaSet", "default")
    return {
        item["spec"]["template"]["spec"]["containers"][0]["image"]: item["spec"]["replicas"]
        for item in sorted(listed, key=rollout.age_key)
    }


async def change(world: World, **spec: Any) -> None:
    await world.user.patch("apps/v1", "Deployment", "front", "default", body={"spec": spec})


async def roll_to(world: World, image: str) -> None:
    await change(world, template={"spec": {"containers": [{"name": "main", "image": image}]}})


def conditions(found: JsonObject) -> dict[str, str]:
    return {item["type"]: item["reason"] for item in found["status"]["conditions"]}


def pods_after_each_commit(world: World, since: int, ready: dict[str, bool]) -> Iterator[tuple[int, int]]:
    """(active pods, ready pods) after each commit, beginning with `ready` at revision `since`."""
    for event in world.plane.store.events(since):
        if event.key[0] != "pods":
            continue
        if event.type == "DELETED" or event.object["metadata"].get("deletionTimestamp"):
            ready.pop(event.key[2], None)
        else:
            found = (event.object.get("status") or {}).get("conditions") or ()
            ready[event.key[2]] = any(item["type"] == "Ready" and item["status"] == "True" for item in found)
        yield len(ready), sum(ready.values())


def test_it_makes_a_replica_set_of_its_template_and_completes() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj())
            await world.settle(20)
            assert await sets(world) == {"front:1": 3}
            found = await get(world)
            assert found["status"]["availableReplicas"] == 3
            assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
            assert found["metadata"]["annotations"][rollout.REVISION] == "1"
            assert conditions(found) == {
                "Available": "MinimumReplicasAvailable",
                "Progressing": "NewReplicaSetAvailable",
            }

    run(test)


def test_a_rollout_keeps_within_surge_and_availability() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(4, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}))
            await world.settle(20)
            since = world.plane.store.revision
            ready = {item["metadata"]["name"]: True for item in await world.pods()}
            await roll_to(world, "front:2")
            await world.settle(60)
            assert await sets(world) == {"front:1": 0, "front:2": 4}
            counts = list(pods_after_each_commit(world, since, ready))
            assert max(active for active, _ in counts) == 5
            assert min(ready for _, ready in counts) == 3

    run(test)


def test_a_template_that_comes_back_finds_its_replica_set_again() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(2))
            await world.settle(20)
            await roll_to(world, "front:2")
            await world.settle(60)
            await roll_to(world, "front:1")
            await world.settle(60)
            assert await sets(world) == {"front:1": 2, "front:2": 0}
            assert (await get(world))["metadata"]["annotations"][rollout.REVISION] == "3"

    run(test)


def test_recreate_ends_all_old_pods_before_it_makes_new_ones() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(3, strategy={"type": "Recreate"}))
            await world.settle(20)
            await roll_to(world, "front:2")
            images: list[dict[str, None]] = []
            for _ in range(40):
                await world.settle(0.5)
                images.append({item["spec"]["containers"][0]["image"]: None for item in await world.pods()})
            assert all(len(together) <= 1 for together in images)
            assert await sets(world) == {"front:1": 0, "front:2": 3}

    run(test)


def test_recreate_does_not_trust_a_late_pod_cache() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            world.weather["deployment"].hold("Pod")
            await world.create(obj(2, strategy={"type": "Recreate"}))
            await world.settle(20)
            await world.crash("kubelet")  # old pods stay terminating
            await roll_to(world, "front:2")
            await world.settle(20)
            assert {item["spec"]["containers"][0]["image"] for item in await world.pods()} == {"front:1"}

    run(test)


def test_scaling_in_the_middle_of_a_rollout_is_spread() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(4, strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}))
            await world.settle(20)
            await world.crash("kubelet")
            await roll_to(world, "front:2")
            await world.settle(20)
            assert await sets(world) == {"front:1": 4, "front:2": 1}
            await change(world, replicas=8)
            await world.settle(20)
            assert await sets(world) == {"front:1": 7, "front:2": 2}
            await world.start("kubelet", kubelet("node-1"))
            await world.settle(100)
            assert await sets(world) == {"front:1": 0, "front:2": 8}

    run(test)


def test_a_paused_deployment_scales_and_does_not_roll() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(2))
            await world.settle(20)
            await change(world, paused=True)
            await roll_to(world, "front:2")
            await change(world, replicas=4)
            await world.settle(20)
            assert await sets(world) == {"front:1": 4}
            assert conditions(await get(world))["Progressing"] == "DeploymentPaused"
            await change(world, paused=False)
            await world.settle(60)
            assert await sets(world) == {"front:1": 0, "front:2": 4}

    run(test)


def test_old_replica_sets_beyond_the_history_limit_go() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(1, revisionHistoryLimit=1))
            for number in range(2, 5):
                await world.settle(30)
                await roll_to(world, f"front:{number}")
            await world.settle(30)
            assert await sets(world) == {"front:3": 0, "front:4": 1}

    run(test)


def test_a_name_taken_by_another_template_is_hashed_again() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            created = obj(1)
            taken = rollout.template_hash((await world.user.create(obj(1), dry_run=True))["spec"]["template"], None)
            stranger = {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {"name": f"front-{taken}", "namespace": "default"},
                "spec": {
                    "replicas": 0,
                    "selector": {"matchLabels": {"app": "other"}},
                    "template": {**TEMPLATE, "metadata": {"labels": {"app": "other"}}},
                },
            }
            await world.create(stranger)
            await world.create(created)
            await world.settle(20)
            assert (await get(world))["status"]["collisionCount"] == 1
            assert len(await world.pods()) == 1

    run(test)


def test_a_lost_reply_to_the_create_makes_no_second_replica_set() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            weather = world.weather["deployment"]
            lost: list[object] = []

            def lose_first(request: Any) -> ConnectionLost | None:
                if request.kind == "ReplicaSet" and request.verb == "create" and not lost:
                    lost.append(request)
                    return ConnectionLost()
                return None

            weather.lose_reply = lose_first
            weather.hold("ReplicaSet")
            await world.create(obj(2))
            await world.settle(1)
            weather.release("ReplicaSet")
            await world.settle(20)
            assert await sets(world) == {"front:1": 2}
            assert "collisionCount" not in (await get(world))["status"]

    run(test)


def test_an_orphaned_replica_set_is_adopted() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(2))
            await world.settle(20)
            [owned] = await world.user.list("apps/v1", "ReplicaSet", "default")
            await world.user.patch(
                "apps/v1",
                "ReplicaSet",
                owned["metadata"]["name"],
                "default",
                body={"metadata": {"ownerReferences": None}},
            )
            await world.settle(20)
            [adopted] = await world.user.list("apps/v1", "ReplicaSet", "default")
            assert (controller_of(adopted) or {})["name"] == "front"

    run(test)


def test_a_rollout_that_stands_still_is_said_to_have_failed() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(2, progressDeadlineSeconds=60))
            await world.settle(20)
            await world.crash("kubelet")
            await roll_to(world, "front:2")
            await world.settle(100)
            assert conditions(await get(world))["Progressing"] == "ProgressDeadlineExceeded"

    run(test)


def test_at_rest_it_writes_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            await start(world)
            await world.create(obj(2))
            await world.settle(20)
            await roll_to(world, "front:2")
            await world.settle(60)
            await world.crash("deployment")
            world.weather["deployment"].requests.clear()
            await world.start("deployment", deployment)
            await world.settle(2000)
            assert world.weather["deployment"].writes() == []

    run(test)
