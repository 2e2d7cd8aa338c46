"""The Job controller: runs pods to completion and counts each exactly once, whatever is lost on the way."""

from typing import Any

from reference_impl.controllers.job import job
from reference_impl.controllers.job_accounting import TRACKING_FINALIZER
from reference_impl.controllers.pod_status import condition_of
from reference_impl.errors import ConnectionLost, Timeout
from reference_impl.objects import controller_of, is_deleting, name_of, uid_of
from reference_impl.protocol import ApiRequest, JsonObject
from tests.reference_impl.controllers.pod_runner import pod_runner
from tests.reference_impl.controllers.world import World, open_world, run


def a_job(**spec: Any) -> JsonObject:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "sum", "namespace": "default"},
        "spec": {
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "sum:1"}]}},
            **spec,
        },
    }


async def get(world: World) -> JsonObject:
    return await world.user.get("batch/v1", "Job", "sum", "default")


async def status(world: World) -> JsonObject:
    return (await get(world)).get("status") or {}


async def patch(world: World, **spec: Any) -> None:
    await world.user.patch("batch/v1", "Job", "sum", "default", body={"spec": spec})


async def active_pods(world: World) -> list[JsonObject]:
    pods = [pod for pod in await world.pods() if not is_deleting(pod)]
    return [pod for pod in pods if pod["status"]["phase"] in ("Pending", "Running")]


async def end(world: World, phase: str = "Succeeded", count: int | None = None) -> None:
    """The active pods end, or the first `count` of them."""
    for pod in (await active_pods(world))[:count]:
        await world.say(pod, ready=False, phase=phase)


def lose_once(verb: str, kind: str, subresource: str | None = None) -> Any:
    """One reply to such a request is lost after it committed."""
    lost = iter([True])

    def lose(request: ApiRequest) -> ConnectionLost | None:
        matches = (request.verb, request.kind, request.subresource) == (verb, kind, subresource)
        return ConnectionLost() if matches and next(lost, False) else None

    return lose


def has(obj: JsonObject, condition_type: str) -> bool:
    condition = condition_of(obj, condition_type)
    return condition is not None and condition["status"] == "True"


def test_it_runs_parallelism_pods_until_enough_have_succeeded() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(completions=3, parallelism=2))
            await world.settle()
            assert len(await active_pods(world)) == 2
            await end(world)
            await world.settle()
            assert len(await active_pods(world)) == 1
            await end(world)
            await world.settle()
            done = await get(world)
            assert has(done, "Complete")
            assert has(done, "SuccessCriteriaMet")
            assert done["status"]["succeeded"] == 3
            assert done["status"]["uncountedTerminatedPods"] == {}
            assert done["status"]["completionTime"] >= done["status"]["startTime"]

    run(test)


def test_its_pods_are_tracked_until_they_are_counted() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            created = await world.create(a_job())
            await world.settle()
            (pod,) = await world.pods()
            assert pod["metadata"]["finalizers"] == [TRACKING_FINALIZER]
            assert pod["metadata"]["name"].startswith("sum-")
            assert (controller_of(pod) or {})["uid"] == uid_of(created)
            await end(world)
            await world.settle()
            (pod,) = await world.pods()
            assert not pod["metadata"].get("finalizers")

    run(test)


def test_a_pod_is_entered_before_its_finalizer_goes_and_counted_after() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("job", job)
            await world.create(a_job())
            await world.settle()
            weather.requests.clear()
            await end(world)
            await world.settle()
            steps = [
                (request.kind, (request.body.get("status") or {}).get("uncountedTerminatedPods"))
                for request in weather.writes()
            ]
            (pod,) = await world.pods()
            assert steps == [("Job", {"succeeded": [uid_of(pod)]}), ("Pod", None), ("Job", {})]

    run(test)


def test_a_crash_between_any_two_writes_counts_once() -> None:
    async def once(survives: int) -> None:
        async with open_world() as world:
            weather = await world.start("job", job)
            await world.create(a_job(completions=2, parallelism=2))
            await world.settle()
            before = len(weather.writes())
            weather.refuse = lambda request: (
                ConnectionLost() if not request.is_read and len(weather.writes()) > before + survives else None
            )
            await end(world)
            await world.settle()
            await world.crash("job")
            weather.refuse = lambda _: None
            await world.start("job", job)
            await world.settle(60)
            done = await get(world)
            assert has(done, "Complete"), survives
            assert (done["status"]["succeeded"], done["status"].get("failed", 0)) == (2, 0), survives

    for survives in range(6):

        async def test(survives: int = survives) -> None:
            await once(survives)

        run(test)


def test_a_lost_reply_to_a_create_makes_no_second_pod() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("job", job)
            weather.lose_reply = lose_once("create", "Pod")
            await world.create(a_job())
            await world.settle(60)
            assert len(await world.pods()) == 1

    run(test)


def test_a_silent_pod_cache_makes_no_second_pod() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("job", job)
            weather.hold("Pod")
            await world.create(a_job())
            await world.settle()
            for number in range(3):
                await world.user.patch(
                    "batch/v1", "Job", "sum", "default", body={"metadata": {"annotations": {"touch": str(number)}}}
                )
                await world.settle()
            assert len(await world.pods()) == 1
            weather.release("Pod")
            await world.settle()
            assert len(await world.pods()) == 1

    run(test)


def test_lost_replies_to_finalizer_removal_and_status_count_once() -> None:
    async def once(verb: str, kind: str, subresource: str | None) -> None:
        async with open_world() as world:
            weather = await world.start("job", job)
            await world.create(a_job())
            await world.settle()
            weather.lose_reply = lose_once(verb, kind, subresource)
            await end(world)
            await world.settle(60)
            assert (await status(world))["succeeded"] == 1
            assert has(await get(world), "Complete")

    for verb, kind, subresource in (("patch", "Pod", None), ("update", "Job", "status")):

        async def test(verb: str = verb, kind: str = kind, subresource: str | None = subresource) -> None:
            await once(verb, kind, subresource)

        run(test)


def test_a_pod_cache_older_than_the_job_does_not_count_twice() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("job", job)
            await world.create(a_job(completions=2, parallelism=1))
            await world.settle()
            # The pod is entered in the ledger, and then its finalizer cannot be removed.
            weather.refuse = lambda request: Timeout() if (request.verb, request.kind) == ("patch", "Pod") else None
            await end(world)
            await world.settle()
            assert (await status(world))["uncountedTerminatedPods"]["succeeded"]
            await world.crash("job")
            original = weather.request

            async def no_pods_yet(request: ApiRequest) -> JsonObject:
                answer = await original(request)
                if (request.verb, request.kind, request.resource_version) == ("list", "Pod", "0"):
                    return {**answer, "items": []}
                return answer

            weather.request = no_pods_yet  # type: ignore[method-assign]
            await world.start("job", job)
            await world.settle()
            assert (await status(world)).get("succeeded", 0) == 0
            weather.refuse = lambda _: None
            await world.settle(60)
            assert (await status(world))["succeeded"] == 1

    run(test)


def test_failed_pods_are_replaced_after_a_growing_delay_up_to_the_limit() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(backoffLimit=1))
            await world.settle()
            await end(world, "Failed")
            await world.settle()
            assert await active_pods(world) == []
            await world.settle(10)
            assert len(await active_pods(world)) == 1
            await end(world, "Failed")
            await world.settle(60)
            done = await get(world)
            assert has(done, "FailureTarget")
            assert has(done, "Failed")
            assert (condition_of(done, "Failed") or {})["reason"] == "BackoffLimitExceeded"
            assert done["status"]["failed"] == 2
            assert "completionTime" not in done["status"]

    run(test)


def test_a_deleted_pod_counts_as_failed_and_is_replaced() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job())
            await world.settle()
            (pod,) = await world.pods()
            await world.user.delete("v1", "Pod", name_of(pod), "default")
            await world.settle(30)
            assert (await status(world))["failed"] == 1
            assert [name_of(one) for one in await world.pods()] != [name_of(pod)]
            assert len(await active_pods(world)) == 1

    run(test)


def test_succeeded_pods_that_are_deleted_stay_counted() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(completions=2, parallelism=1))
            await world.settle()
            await end(world)
            await world.settle()
            for pod in await world.pods():
                if pod["status"]["phase"] == "Succeeded":
                    await world.user.delete("v1", "Pod", name_of(pod), "default")
            await world.settle()
            assert (await status(world))["succeeded"] == 1
            assert len(await active_pods(world)) == 1

    run(test)


def test_the_active_deadline_fails_the_job_and_stops_its_pods() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(activeDeadlineSeconds=30))
            await world.settle(20)
            assert len(await active_pods(world)) == 1
            await world.settle(20)
            done = await get(world)
            assert (condition_of(done, "Failed") or {})["reason"] == "DeadlineExceeded"
            assert await world.pods() == []
            assert done["status"]["failed"] == 1

    run(test)


def test_suspending_stops_the_pods_and_counts_no_failure() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(parallelism=2, completions=2))
            await world.settle()
            await patch(world, suspend=True)
            await world.settle(20)
            assert await world.pods() == []
            suspended = await get(world)
            assert has(suspended, "Suspended")
            assert suspended["status"].get("failed", 0) == 0
            await patch(world, suspend=False)
            await world.settle()
            assert len(await active_pods(world)) == 2
            assert not has(await get(world), "Suspended")
            assert (await status(world))["startTime"] > suspended["status"]["startTime"]

    run(test)


def test_lower_parallelism_removes_surplus_without_counting_it() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(parallelism=3, completions=3))
            await world.settle()
            await patch(world, parallelism=1)
            await world.settle()
            assert len(await world.pods()) == 1
            assert (await status(world)).get("failed", 0) == 0

    run(test)


def test_an_indexed_job_runs_each_index_to_success() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(completionMode="Indexed", completions=4, parallelism=4))
            await world.settle()
            pods = sorted(await active_pods(world), key=lambda pod: int(pod["metadata"]["labels"][INDEX]))
            assert [pod["metadata"]["annotations"][INDEX] for pod in pods] == ["0", "1", "2", "3"]
            for pod in (pods[0], pods[1], pods[3]):
                await world.say(pod, ready=False, phase="Succeeded")
            await world.settle()
            assert (await status(world))["completedIndexes"] == "0,1,3"
            await world.say(pods[2], ready=False, phase="Failed")
            await world.settle(20)
            (again,) = await active_pods(world)
            assert again["metadata"]["annotations"][INDEX] == "2"
            await end(world)
            await world.settle()
            done = await get(world)
            assert has(done, "Complete")
            assert (done["status"]["completedIndexes"], done["status"]["succeeded"]) == ("0-3", 4)

    run(test)


INDEX = "batch.kubernetes.io/job-completion-index"


def test_pods_of_a_job_that_is_gone_can_be_deleted() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job())
            await world.settle()
            await world.user.delete("batch/v1", "Job", "sum", "default", propagation="Background")
            await world.settle()
            (pod,) = await world.pods()
            assert not pod["metadata"].get("finalizers")

    run(test)


def test_a_foreground_deletion_is_not_held_up_by_tracked_pods() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job())
            await world.settle()
            await world.user.delete("batch/v1", "Job", "sum", "default", propagation="Foreground")
            (pod,) = await world.pods()
            await world.user.delete("v1", "Pod", name_of(pod), "default")
            await world.settle()
            assert await world.pods() == []

    run(test)


def test_a_straggler_of_a_finished_job_is_stopped_and_freed() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("job", job)
            await world.create(a_job())
            await world.settle()
            (late,) = [request.body for request in weather.writes("Pod", "create")]
            await end(world)
            await world.settle()
            assert has(await get(world), "Complete")
            await world.create(late)
            await world.settle()
            assert await active_pods(world) == []
            assert all(not pod["metadata"].get("finalizers") for pod in await world.pods())
            assert (await status(world))["succeeded"] == 1

    run(test)


def test_a_finished_job_goes_after_its_time_to_live() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("job", job)
            await world.create(a_job(ttlSecondsAfterFinished=30))
            await world.settle()
            await end(world)
            await world.settle(20)
            assert has(await get(world), "Complete")
            await world.settle(20)
            # Foreground: it waits for the garbage collector, which is not here.
            assert is_deleting(await get(world))

    run(test)


def test_at_rest_it_writes_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("job", job)
            await world.create(a_job(parallelism=2, completions=4))
            await world.settle()
            weather.requests.clear()
            await world.user.patch(
                "batch/v1", "Job", "sum", "default", body={"metadata": {"annotations": {"touched": "yes"}}}
            )
            await world.settle(60)
            assert weather.writes() == []

    run(test)
