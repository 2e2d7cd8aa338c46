"""The StatefulSet controller: identities, order, updates, claims, and what bad weather must not change."""

from typing import Any

from reference_impl.controllers.statefulset import statefulset
from reference_impl.errors import ConnectionLost
from reference_impl.objects import controller_of, is_deleting, name_of, uid_of
from reference_impl.protocol import ApiRequest, JsonObject
from tests.reference_impl.controllers.pod_runner import pod_runner
from tests.reference_impl.controllers.world import World, open_world, run

CLAIM_TEMPLATE: JsonObject = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def stateful_set(replicas: int = 3, image: str = "db:1", **spec: Any) -> JsonObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "serviceName": "db",
            "selector": {"matchLabels": {"app": "db"}},
            "template": {
                "metadata": {"labels": {"app": "db"}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
            **spec,
        },
    }


async def names(world: World) -> list[str]:
    return sorted(name_of(pod) for pod in await world.pods())


async def images(world: World) -> dict[str, str]:
    return {name_of(pod): pod["spec"]["containers"][0]["image"] for pod in await world.pods()}


async def get(world: World) -> JsonObject:
    return await world.user.get("apps/v1", "StatefulSet", "db", "default")


async def patch(world: World, **spec: Any) -> None:
    await world.user.patch("apps/v1", "StatefulSet", "db", "default", body={"spec": spec})


def new_image(image: str) -> JsonObject:
    return {"spec": {"containers": [{"name": "main", "image": image}]}}


def test_pods_come_up_in_order_each_after_the_one_before_is_ready() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(2))
            await world.settle()
            assert await names(world) == ["db-0"]
            await world.say((await world.pods())[0])
            await world.settle()
            assert await names(world) == ["db-0", "db-1"]

    run(test)


def test_pods_carry_their_identity_and_owner() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("statefulset", statefulset)
            created = await world.create(stateful_set(1))
            await world.settle()
            (pod,) = await world.pods()
            assert pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "db-0"
            assert pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"
            assert pod["metadata"]["labels"]["controller-revision-hash"].startswith("db-")
            assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-0", "db")
            assert (controller_of(pod) or {})["uid"] == uid_of(created)

    run(test)


def test_status_catches_up_and_names_both_revisions() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(3))
            await world.settle()
            status = (await get(world))["status"]
            assert status["replicas"] == status["readyReplicas"] == status["currentReplicas"] == 3
            assert status["availableReplicas"] == status["updatedReplicas"] == 3
            assert status["observedGeneration"] == 1
            assert status["currentRevision"] == status["updateRevision"]

    run(test)


def test_parallel_pods_do_not_wait_for_each_other() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(3, podManagementPolicy="Parallel"))
            await world.settle()
            assert await names(world) == ["db-0", "db-1", "db-2"]

    run(test)


def test_scaling_down_removes_the_highest_and_keeps_its_claim() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(3, volumeClaimTemplates=[CLAIM_TEMPLATE]))
            await world.settle()
            await patch(world, replicas=1)
            await world.settle()
            assert await names(world) == ["db-0"]
            claims = await world.user.list("v1", "PersistentVolumeClaim", "default")
            assert sorted(map(name_of, claims)) == ["data-db-0", "data-db-1", "data-db-2"]
            assert not any(claim["metadata"].get("ownerReferences") for claim in claims)

    run(test)


def test_a_claim_belongs_to_its_condemned_pod_when_the_policy_says_delete() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
            created = await world.create(
                stateful_set(2, volumeClaimTemplates=[CLAIM_TEMPLATE], persistentVolumeClaimRetentionPolicy=policy)
            )
            await world.settle()
            claim = await world.user.get("v1", "PersistentVolumeClaim", "data-db-1", "default")
            assert (controller_of(claim) or {})["uid"] == uid_of(created)
            pod = await world.user.get("v1", "Pod", "db-1", "default")
            await patch(world, replicas=1)
            await world.settle()
            claim = await world.user.get("v1", "PersistentVolumeClaim", "data-db-1", "default")
            assert [one["uid"] for one in claim["metadata"]["ownerReferences"]] == [uid_of(pod)]

    run(test)


def test_a_rolling_update_goes_from_the_highest_and_waits_for_health() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner(lambda pod: pod["spec"]["containers"][0]["image"] == "db:1"))
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(3))
            await world.settle()
            await patch(world, template=new_image("db:2"))
            await world.settle()
            assert await images(world) == {"db-0": "db:1", "db-1": "db:1", "db-2": "db:2"}
            status = (await get(world))["status"]
            assert status["currentRevision"] != status["updateRevision"]
            assert (status["currentReplicas"], status["updatedReplicas"]) == (2, 1)

    run(test)


def test_a_finished_rolling_update_makes_the_update_revision_current() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(3))
            await world.settle()
            await patch(world, template=new_image("db:2"))
            await world.settle(20)
            assert set((await images(world)).values()) == {"db:2"}
            status = (await get(world))["status"]
            assert status["currentRevision"] == status["updateRevision"]

    run(test)


def test_pods_below_the_partition_keep_the_old_revision_even_when_created_anew() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
            await world.create(stateful_set(3, updateStrategy=strategy))
            await world.settle()
            await patch(world, template=new_image("db:2"))
            await world.settle(20)
            assert await images(world) == {"db-0": "db:1", "db-1": "db:1", "db-2": "db:2"}
            await world.user.delete("v1", "Pod", "db-0", "default")
            await world.settle()
            assert (await images(world))["db-0"] == "db:1"

    run(test)


def test_on_delete_replaces_only_what_the_user_deletes() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(2, updateStrategy={"type": "OnDelete"}))
            await world.settle()
            await patch(world, template=new_image("db:2"))
            await world.settle()
            assert await images(world) == {"db-0": "db:1", "db-1": "db:1"}
            await world.user.delete("v1", "Pod", "db-1", "default")
            await world.settle()
            assert await images(world) == {"db-0": "db:1", "db-1": "db:2"}

    run(test)


def test_a_rollback_renumbers_the_old_revision_instead_of_storing_it_twice() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(1))
            await world.settle()
            first = (await get(world))["status"]["updateRevision"]
            await patch(world, template=new_image("db:2"))
            await world.settle(20)
            await patch(world, template=new_image("db:1"))
            await world.settle(20)
            history = await world.user.list("apps/v1", "ControllerRevision", "default")
            assert sorted(revision["revision"] for revision in history) == [2, 3]
            assert (await get(world))["status"]["updateRevision"] == first

    run(test)


def test_old_revisions_go_beyond_the_history_limit() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(1, revisionHistoryLimit=1))
            for number in (1, 2, 3, 4):
                await patch(world, template=new_image(f"db:{number}"))
                await world.settle(20)
            history = await world.user.list("apps/v1", "ControllerRevision", "default")
            assert sorted(revision["revision"] for revision in history) == [3, 4]

    run(test)


def test_a_failed_pod_is_replaced_under_its_name() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(1))
            await world.settle()
            (old,) = await world.pods()
            await world.say(old, ready=False, phase="Failed")
            await world.settle()
            (new,) = await world.pods()
            assert name_of(new) == "db-0"
            assert uid_of(new) != uid_of(old)

    run(test)


def test_an_identity_is_not_given_out_while_the_old_pod_terminates() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(1))
            await world.settle()
            held = {"metadata": {"finalizers": ["example.com/hold"]}}
            await world.user.patch("v1", "Pod", "db-0", "default", body=held)
            await world.user.delete("v1", "Pod", "db-0", "default")
            weather = world.weather["statefulset"]
            weather.requests.clear()
            await world.settle(60)
            assert weather.writes("Pod", "create") == []
            await world.user.patch("v1", "Pod", "db-0", "default", body={"metadata": {"finalizers": None}})
            await world.settle()
            assert [is_deleting(pod) for pod in await world.pods()] == [False]

    run(test)


def test_an_ambiguous_create_makes_no_second_pod() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("statefulset", statefulset)
            lost = iter([True])
            weather.lose_reply = lambda request: (
                ConnectionLost() if (request.verb, request.kind) == ("create", "Pod") and next(lost, False) else None
            )
            await world.create(stateful_set(1))
            await world.settle()
            assert await names(world) == ["db-0"]
            assert (await get(world))["status"]["replicas"] == 1

    run(test)


def test_a_stale_spec_scales_nothing_down() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("statefulset", statefulset)
            await world.create(stateful_set(1))
            await world.settle()
            await patch(world, replicas=3)
            await world.settle()
            await world.crash("statefulset")
            # The new instance's first list of sets comes from a replica that still has the old spec.
            stale = {**await get(world), "spec": {**(await get(world))["spec"], "replicas": 1}}
            original = weather.request

            async def time_travel(request: ApiRequest) -> JsonObject:
                answer = await original(request)
                if (request.verb, request.kind, request.resource_version) == ("list", "StatefulSet", "0"):
                    return {**answer, "items": [stale]}
                return answer

            weather.request = time_travel  # type: ignore[method-assign]
            weather.requests.clear()
            await world.start("statefulset", statefulset)
            await world.settle()
            assert weather.writes("Pod", "delete") == []
            assert await names(world) == ["db-0", "db-1", "db-2"]

    run(test)


def test_deletes_carry_the_uid() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("statefulset", statefulset)
            await world.create(stateful_set(2))
            await world.settle()
            await patch(world, replicas=0)
            await world.settle()
            deletes = weather.writes("Pod", "delete")
            assert len(deletes) == 2
            assert all(request.precondition_uid for request in deletes)

    run(test)


def test_nothing_is_created_for_a_set_under_deletion() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.create(stateful_set(2))
            await world.user.delete("apps/v1", "StatefulSet", "db", "default", propagation="Foreground")
            await world.start("statefulset", statefulset)
            await world.settle()
            assert await world.pods() == []

    run(test)


def test_an_orphan_of_the_right_name_and_labels_is_adopted() -> None:
    async def test() -> None:
        async with open_world() as world:
            orphan = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "db-0", "namespace": "default", "labels": {"app": "db"}},
                "spec": {"containers": [{"name": "main", "image": "db:1"}]},
            }
            await world.create(orphan)
            await world.start("statefulset", statefulset)
            created = await world.create(stateful_set(1))
            await world.settle()
            (pod,) = await world.pods()
            assert (controller_of(pod) or {})["uid"] == uid_of(created)

    run(test)


def test_a_pod_whose_labels_match_no_more_is_released() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(1))
            await world.settle()
            await world.user.patch("v1", "Pod", "db-0", "default", body={"metadata": {"labels": {"app": "other"}}})
            await world.settle()
            (pod,) = await world.pods()
            assert controller_of(pod) is None

    run(test)


def test_an_earlier_sets_pod_is_left_to_the_garbage_collector() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(1))
            await world.settle()
            await world.user.delete("apps/v1", "StatefulSet", "db", "default")
            again = await world.create(stateful_set(1))
            await world.settle(1)
            (old,) = await world.pods()
            assert (controller_of(old) or {})["uid"] != uid_of(again)
            await world.user.delete("v1", "Pod", "db-0", "default", uid=uid_of(old))
            for revision in await world.user.list("apps/v1", "ControllerRevision", "default"):
                if (controller_of(revision) or {})["uid"] != uid_of(again):
                    await world.user.delete("apps/v1", "ControllerRevision", name_of(revision), "default")
            await world.settle()
            (new,) = await world.pods()
            assert (controller_of(new) or {})["uid"] == uid_of(again)

    run(test)


def test_at_rest_it_writes_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("statefulset", statefulset)
            await world.create(stateful_set(2, volumeClaimTemplates=[CLAIM_TEMPLATE]))
            await world.settle()
            weather.requests.clear()
            await world.user.patch(
                "apps/v1", "StatefulSet", "db", "default", body={"metadata": {"annotations": {"touched": "yes"}}}
            )
            await world.settle(60)
            assert weather.writes() == []

    run(test)


def test_min_ready_seconds_hold_back_the_next_pod() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(2, minReadySeconds=30))
            await world.settle(20)
            assert await names(world) == ["db-0"]
            await world.settle(20)
            assert await names(world) == ["db-0", "db-1"]
            await world.settle(40)
            assert (await get(world))["status"]["availableReplicas"] == 2

    run(test)
