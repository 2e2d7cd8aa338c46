"""Unobserved state: a Job controller that takes the number of results that are there for the number of successes.

The bug: what is counted anew from the living falls when one of them is deleted. Whoever waits for completions, or bills
them, sees work undone that was done. Real case: Kubernetes' Job controller counted finished pods, and `succeeded` went
from 30 down to 26 as the pod garbage collector removed some.

Weather: a user who deletes a result. It is made again, as it must be; but the Job had succeeded once already.
Caught by: `statuses_are_monotone`.
The twin writes down which indexes have succeeded, and adds to them.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import (
    API,
    NAMESPACE,
    config_map,
    custom,
    definition,
    is_controlled_by,
    is_deleting,
    sleep,
)

Json = dict[str, Any]


class CountsTheLiving:
    """Runs the indexes of a Job; each leaves its result in the archive of the Job's name."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            job = await self.client.live.get("batch/v1", "Job", request.name, request.namespace)
            archive = await self.client.live.get(API, "Archive", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(job) or is_deleting(archive):
            return
        listed = await self.client.live.list("v1", "ConfigMap", request.namespace)
        living = {item["data"]["index"] for item in listed["items"] if is_controlled_by(item, archive)}
        job = await self._count(job, living)
        for index in map(str, range(job["spec"]["completions"])):
            if index not in living:
                await self._run(archive, index)
                living.add(index)
        await self._count(job, living)

    async def _count(self, job: Json, living: set[str]) -> Json:
        before = job.get("status") or {}
        after = before | self.status(before, sorted(living))
        return job if after == before else await self.client.update_status({**job, "status": after})

    def status(self, before: Json, living: list[str]) -> Json:
        return {"succeeded": len(living)}

    async def _run(self, archive: Json, index: str) -> None:
        name = f"{archive['metadata']['name']}-{index}"
        try:
            await self.client.create(config_map({"name": name}, {"index": index}, archive))
        except AlreadyExists:
            return


class RemembersTheDead(CountsTheLiving):
    def status(self, before: Json, living: list[str]) -> Json:
        counted = (before.get("completedIndexes") or "").split(",")
        indexes = sorted({*counted, *living} - {""})
        return {"succeeded": len(indexes), "completedIndexes": ",".join(indexes)}


def wrong(client: Client) -> Controller:
    return _controller(CountsTheLiving(client))


def fixed(client: Client) -> Controller:
    return _controller(RemembersTheDead(client))


def _controller(reconciler: CountsTheLiving) -> Controller:
    return Controller(
        name="jobs",
        reconcile=reconciler.reconcile,
        watches=[Watch("batch/v1", "Job"), Watch(API, "Archive"), Watch("v1", "ConfigMap", owner="Archive")],
    )


JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "import", "namespace": NAMESPACE},
    "spec": {
        "completions": 3,
        "completionMode": "Indexed",
        "template": {
            "metadata": {"labels": {"app": "import"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "import", "image": "import:1"}]},
        },
    },
}

ENTRY = Entry(
    id="counted-from-the-living",
    property="statuses_are_monotone",
    faults=("owned_deleted",),
    bug="https://github.com/kubernetes/kubernetes/issues/81227",
    tags=("unobserved state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Archive", {}), custom("Archive", "import", {}), JOB),
    trial_options={"workload": [sleep(3)], "built_ins": ("garbage-collector", "namespace")},
)
