"""The kubelet runs what is bound to its node, says how it is, and lets nothing go before it has stopped."""

from typing import Any

from reference_impl.errors import ConnectionLost
from reference_impl.kubelet import kubelet
from reference_impl.protocol import ExternalCall, JsonObject
from tests.reference_impl.controllers.world import World, open_world, pod, run


def bound(name: str, **spec: Any) -> JsonObject:
    return pod(name, nodeName="node-1", **spec)


def containers(world: World) -> list[JsonObject]:
    system = world.plane.outside.get("containers/node-1")
    return system.snapshot()["items"] if system else []


async def get(world: World, name: str) -> JsonObject:
    return await world.user.get("v1", "Pod", name, "default")


async def phase(world: World, name: str) -> str:
    return str((await get(world, name))["status"]["phase"])


def ready(obj: JsonObject) -> str:
    return next(item["status"] for item in obj["status"]["conditions"] if item["type"] == "Ready")


def test_it_registers_its_node_and_says_that_it_is_ready() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            await world.settle()
            node = await world.user.get("v1", "Node", "node-1")
            assert node["status"]["allocatable"] == {"cpu": "4", "memory": "8Gi", "pods": "110"}
            assert ready(node) == "True"

    run(test)


def test_its_lease_belongs_to_the_node_and_is_renewed_every_ten_seconds() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            await world.settle(35)
            lease = await world.user.get("coordination.k8s.io/v1", "Lease", "node-1", "kube-node-lease")
            assert lease["spec"]["leaseDurationSeconds"] == 40
            assert lease["metadata"]["ownerReferences"][0]["kind"] == "Node"
            assert 3 <= len(weather.writes("Lease", "update")) <= 4

    run(test)


def test_a_deleted_node_is_registered_again_only_by_a_restart() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            await world.settle()
            await world.user.delete("v1", "Node", "node-1")
            await world.settle(60)
            assert await world.user.list("v1", "Node") == []
            assert len(weather.writes("Node", "create")) == 1
            await world.crash("kubelet")
            await world.start("kubelet", kubelet("node-1"))
            await world.settle()
            assert len(await world.user.list("v1", "Node")) == 1

    run(test)


def test_a_node_called_unknown_is_ready_again() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            await world.settle()
            unknown = {"type": "Ready", "status": "Unknown"}
            await world.user.patch(
                "v1", "Node", "node-1", body={"status": {"conditions": [unknown]}}, subresource="status"
            )
            await world.settle()
            assert ready(await world.user.get("v1", "Node", "node-1")) == "True"

    run(test)


def test_a_bound_pod_is_created_then_runs_and_is_ready() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            await world.create(bound("web"))
            await world.settle(0.5)
            creating = await get(world, "web")
            assert creating["status"]["phase"] == "Pending"
            assert creating["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ContainerCreating"
            await world.settle(2)
            running = await get(world, "web")
            assert running["status"]["phase"] == "Running"
            assert ready(running) == "True"
            assert [item["id"] for item in containers(world)] == [running["metadata"]["uid"]]

    run(test)


def test_pods_of_other_nodes_are_left_alone() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            await world.create(pod("web", nodeName="node-2"))
            await world.settle()
            assert containers(world) == []

    run(test)


def test_a_deleted_pod_stops_before_its_object_goes() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            created = await world.create(bound("web"))
            await world.settle()
            await world.user.delete("v1", "Pod", "web", "default")
            await world.settle(0.5)
            assert len(containers(world)) == 1
            await world.settle(2)
            assert await world.pods() == []
            assert containers(world) == []
            [delete] = weather.writes("Pod", "delete")
            assert delete.precondition_uid == created["metadata"]["uid"]
            assert delete.grace_period_s == 0

    run(test)


def test_a_pod_deleted_while_it_runs_is_told_as_failed() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            obj = bound("web")
            obj["metadata"]["finalizers"] = ["example.com/hold"]
            await world.create(obj)
            await world.settle()
            await world.user.delete("v1", "Pod", "web", "default")
            await world.settle()
            status = (await get(world, "web"))["status"]
            assert status["phase"] == "Failed"
            assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 143

    run(test)


def test_a_pod_held_by_a_finalizer_is_not_deleted_over_and_over() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            obj = bound("web")
            obj["metadata"]["finalizers"] = ["example.com/hold"]
            await world.create(obj)
            await world.settle()
            await world.user.delete("v1", "Pod", "web", "default")
            await world.settle(1000)
            assert len(weather.writes("Pod", "delete")) <= 2

    run(test)


def test_containers_survive_a_restart_of_the_kubelet() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            await world.create(bound("web"))
            await world.settle()
            before = await get(world, "web")
            await world.crash("kubelet")
            weather.requests.clear()
            await world.start("kubelet", kubelet("node-1"))
            await world.settle(30)
            assert await get(world, "web") == before
            assert weather.writes("Pod") == []

    run(test)


def test_what_was_deleted_while_the_kubelet_was_down_is_stopped() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            await world.create(bound("web"))
            await world.settle()
            await world.crash("kubelet")
            await world.user.delete("v1", "Pod", "web", "default", grace_period_s=0)
            await world.start("kubelet", kubelet("node-1"))
            await world.settle()
            assert containers(world) == []

    run(test)


def test_a_pod_replaced_under_its_name_stops_before_the_new_one_starts() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            await world.create(bound("web"))
            await world.settle()
            weather.hold("Pod")
            await world.user.delete("v1", "Pod", "web", "default", grace_period_s=0)
            new = await world.create(bound("web"))
            weather.held["Pod"] = weather.held["Pod"][-1:]  # the end of the old one is never seen
            weather.release("Pod")
            await world.settle()
            assert [item["id"] for item in containers(world)] == [new["metadata"]["uid"]]

    run(test)


def test_nothing_is_started_because_an_old_cache_shows_it() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            await world.settle()
            weather.hold("Pod")
            await world.create(bound("web"))
            await world.user.delete("v1", "Pod", "web", "default", grace_period_s=0)
            weather.held["Pod"] = weather.held["Pod"][:1]
            weather.release("Pod")
            await world.settle()
            assert containers(world) == []

    run(test)


def test_a_pod_that_is_to_end_ends_as_told() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            for name, code in (("good", "0"), ("bad", "3")):
                obj = bound(name, restartPolicy="Never")
                obj["metadata"]["annotations"] = {"seatrial.dev/runs-for-s": "5", "seatrial.dev/exit-code": code}
                await world.create(obj)
            await world.settle(4)
            assert await phase(world, "good") == "Running"
            await world.settle(10)
            assert await phase(world, "good") == "Succeeded"
            assert await phase(world, "bad") == "Failed"
            assert containers(world) == []

    run(test)


def test_a_pod_of_a_job_succeeds_after_five_seconds() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            obj = bound("work", restartPolicy="Never")
            owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "job", "uid": "job-uid", "controller": True}
            obj["metadata"]["ownerReferences"] = [owner]
            await world.create(obj)
            await world.settle(10)
            assert await phase(world, "work") == "Succeeded"

    run(test)


def test_failing_containers_are_restarted_with_back_off() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            obj = bound("crash", restartPolicy="OnFailure")
            obj["metadata"]["annotations"] = {"seatrial.dev/runs-for-s": "1", "seatrial.dev/exit-code": "1"}
            await world.create(obj)
            await world.settle(8)
            status = (await get(world, "crash"))["status"]
            assert status["phase"] == "Running"
            assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
            await world.settle(6)
            assert (await get(world, "crash"))["status"]["containerStatuses"][0]["restartCount"] == 1

    run(test)


def test_containers_that_vanish_are_started_again() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("kubelet", kubelet("node-1"))
            created = await world.create(bound("web"))
            await world.settle()
            world.plane.outside["containers/node-1"].handle(
                ExternalCall(system="containers/node-1", verb="delete", key=created["metadata"]["uid"])
            )
            await world.settle(100)
            assert len(containers(world)) == 1
            assert (await get(world, "web"))["status"]["containerStatuses"][0]["restartCount"] == 1

    run(test)


def test_a_lost_reply_to_a_status_changes_nothing_in_the_end() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            lost: list[object] = []

            def lose_some(request: Any) -> ConnectionLost | None:
                if not request.is_read and len(lost) < 3:
                    lost.append(request)
                    return ConnectionLost()
                return None

            weather.lose_reply = lose_some
            await world.create(bound("web"))
            await world.settle(30)
            assert await phase(world, "web") == "Running"
            assert len(lost) == 3

    run(test)


def test_at_rest_it_renews_its_lease_and_nothing_else() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("kubelet", kubelet("node-1"))
            await world.create(bound("web"))
            await world.settle(30)
            weather.requests.clear()
            await world.settle(1000)
            assert {request.kind for request in weather.writes()} == {"Lease"}

    run(test)
