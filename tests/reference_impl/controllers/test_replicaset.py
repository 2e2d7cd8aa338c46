"""The ReplicaSet controller keeps its count, in fair weather and in bad."""

from reference_impl.controllers.replicaset import replicaset
from reference_impl.errors import ConnectionLost, Forbidden
from reference_impl.objects import controller_of
from reference_impl.protocol import ApiRequest, JsonObject
from tests.reference_impl.controllers.world import World, open_world, pod, replica_set, run


async def status(world: World) -> JsonObject:
    obj = await world.user.get("apps/v1", "ReplicaSet", "front", "default")
    found: JsonObject = obj.get("status") or {}
    return found


async def scale(world: World, replicas: int) -> None:
    await world.user.patch("apps/v1", "ReplicaSet", "front", "default", body={"spec": {"replicas": replicas}})


def test_it_creates_what_is_missing_and_says_so() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("replicaset", replicaset)
            created = await world.create(replica_set(replicas=3))
            await world.settle()
            pods = await world.pods()
            assert len(pods) == 3
            assert all((controller_of(item) or {})["uid"] == created["metadata"]["uid"] for item in pods)
            assert (await status(world))["replicas"] == 3
            assert (await status(world))["observedGeneration"] == 1

    run(test)


def test_readiness_is_counted() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=2))
            await world.settle()
            await world.say((await world.pods())[0])
            await world.settle()
            assert (await status(world))["readyReplicas"] == 1
            assert (await status(world))["availableReplicas"] == 1

    run(test)


def test_availability_waits_for_min_ready_seconds() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=1, minReadySeconds=30))
            await world.settle()
            await world.say((await world.pods())[0])
            await world.settle(20)
            assert "availableReplicas" not in await status(world)
            await world.settle(20)
            assert (await status(world))["availableReplicas"] == 1

    run(test)


def test_it_deletes_the_surplus_unready_pods_first() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=3))
            await world.settle()
            keep = (await world.pods())[1]
            await world.say(keep)
            await world.settle()
            await scale(world, 1)
            await world.settle()
            assert [item["metadata"]["uid"] for item in await world.pods()] == [keep["metadata"]["uid"]]

    run(test)


def test_deletions_name_the_uid() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=2))
            await world.settle()
            uids = {item["metadata"]["uid"] for item in await world.pods()}
            await scale(world, 0)
            await world.settle()
            assert {request.precondition_uid for request in weather.writes("Pod", "delete")} == uids

    run(test)


def test_a_late_cache_does_not_make_it_create_twice() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            weather.hold("Pod")
            await world.create(replica_set(replicas=2))
            await world.settle()
            await world.user.patch(
                "apps/v1", "ReplicaSet", "front", "default", body={"metadata": {"labels": {"a": "b"}}}
            )
            await world.settle()
            assert len(weather.writes("Pod", "create")) == 2
            await world.settle(400)  # expectations expire; a live look says that nothing is missing
            assert len(weather.writes("Pod", "create")) == 2
            weather.release("Pod")
            await world.settle()
            assert len(await world.pods()) == 2

    run(test)


def test_a_lost_reply_does_not_make_it_create_twice() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            weather.hold("Pod")
            lost: list[ApiRequest] = []

            def lose_first(request: ApiRequest) -> ConnectionLost | None:
                if request.kind == "Pod" and request.verb == "create" and not lost:
                    lost.append(request)
                    return ConnectionLost()
                return None

            weather.lose_reply = lose_first
            await world.create(replica_set(replicas=2))
            await world.settle()
            assert len(weather.writes("Pod", "create")) == 1  # found live, so its event is waited for
            weather.release("Pod")
            await world.settle()
            assert len(weather.writes("Pod", "create")) == 2
            assert len(await world.pods()) == 2

    run(test)


def test_a_pod_created_and_deleted_unseen_is_replaced_after_a_live_look() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            weather.hold("Pod")
            await world.create(replica_set(replicas=1))
            await world.settle()
            [unseen] = await world.pods()
            await world.user.delete("v1", "Pod", unseen["metadata"]["name"], "default")
            weather.held["Pod"] = []  # a relist would show neither its start nor its end
            await world.settle(301)
            assert len(await world.pods()) == 1

    run(test)


def test_an_old_spec_in_the_cache_costs_no_pod() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=1))
            await world.settle()
            weather.hold("ReplicaSet")
            await scale(world, 3)
            orphan = pod("extra")
            orphan["metadata"]["ownerReferences"] = (await world.pods())[0]["metadata"]["ownerReferences"]
            await world.create(orphan)
            await world.settle()
            assert weather.writes("Pod", "delete") == []
            weather.release("ReplicaSet")
            await world.settle()
            assert len(await world.pods()) == 3

    run(test)


def test_orphans_that_match_are_adopted_and_counted() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("replicaset", replicaset)
            await world.create(pod("orphan"))
            await world.create(replica_set(replicas=1))
            await world.settle()
            [adopted] = await world.pods()
            assert adopted["metadata"]["name"] == "orphan"
            assert (controller_of(adopted) or {})["name"] == "front"

    run(test)


def test_an_orphan_that_appears_later_is_adopted_too() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=1))
            await world.settle()
            await world.create(pod("orphan"))
            await world.settle()
            assert len(await world.pods()) == 1

    run(test)


def test_a_pod_that_matches_no_more_is_released_and_replaced() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=1))
            await world.settle()
            [first] = await world.pods()
            await world.user.patch(
                "v1", "Pod", first["metadata"]["name"], "default", body={"metadata": {"labels": {"app": "debug"}}}
            )
            await world.settle()
            released = await world.user.get("v1", "Pod", first["metadata"]["name"], "default")
            assert controller_of(released) is None
            assert len(await world.pods(app="front")) == 1

    run(test)


def test_nothing_is_adopted_by_an_owner_that_is_being_deleted() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=0))
            await world.settle()
            weather.hold("ReplicaSet")
            await world.user.delete("apps/v1", "ReplicaSet", "front", "default", propagation="Orphan")
            await world.create(pod("orphan"))
            await world.settle()
            assert controller_of((await world.pods())[0]) is None

    run(test)


def test_a_refused_create_is_reported_and_tried_again() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            weather.refuse = lambda request: (
                Forbidden("exceeded quota") if request.kind == "Pod" and request.verb == "create" else None
            )
            await world.create(replica_set(replicas=3))
            await world.settle()
            [condition] = (await status(world))["conditions"]
            assert condition["type"] == "ReplicaFailure"
            assert condition["reason"] == "FailedCreate"
            weather.refuse = lambda _: None
            await world.settle(20)
            assert len(await world.pods()) == 3
            assert "conditions" not in await status(world)

    run(test)


def test_slow_start_stops_at_the_first_failing_batch() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            weather.refuse = lambda request: Forbidden("no") if request.kind == "Pod" and not request.is_read else None
            await world.create(replica_set(replicas=50))
            await world.settle(0.001)  # reporting the failure wakes it once more
            assert len(weather.writes("Pod", "create")) <= 2

    run(test)


def test_nothing_is_created_under_a_deleting_owner() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=1))
            await world.settle()
            await world.user.delete("apps/v1", "ReplicaSet", "front", "default", propagation="Foreground")
            await world.settle()
            [only] = await world.pods()
            await world.user.delete("v1", "Pod", only["metadata"]["name"], "default", grace_period_s=0)
            await world.settle()
            assert len(weather.writes("Pod", "create")) == 1

    run(test)


def test_at_rest_it_writes_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("replicaset", replicaset)
            await world.create(replica_set(replicas=2))
            await world.settle()
            weather.requests.clear()
            await world.crash("replicaset")
            await world.start("replicaset", replicaset)
            await world.settle(1000)
            assert weather.writes() == []

    run(test)
