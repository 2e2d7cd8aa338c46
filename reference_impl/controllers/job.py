"""The Job controller: pods that run to completion, each counted exactly once.

Cached reads decide whether to look; live reads decide what to do. Counting needs the Job and its pods from one point in
time at least (`job_accounting.py`), and pods with generated names must not be created twice because a cache has not
heard of the first: so whenever a sync finds anything to do, the Job and then its pods are read from an API server. This
takes the place of the original's expectations, in memory as they are and lost with a crash. An ambiguous create raises;
the next sync lists before it creates again.

Beyond the original: pods of a finished Job that still run (a create that committed after its caller gave up) are
deleted. Pods that lost their Job are `job_orphans.py`'s.

Source: `pkg/controller/job`, `pkg/controller/ttlafterfinished`. Not modelled: podFailurePolicy, successPolicy,
backoffLimitPerIndex, managedBy, slow-start batches, the JOB_COMPLETION_INDEX variable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reference_impl.controllers.dependents import (
    Ownership,
    adopt,
    labels_of,
    owners_wanting,
    release,
    selector_of,
    sort_by_owner,
)
from reference_impl.controllers.job_accounting import TRACKING_FINALIZER, is_tracked
from reference_impl.controllers.job_indexes import INDEX_KEY
from reference_impl.controllers.job_orphans import job_orphans, remove_tracking
from reference_impl.controllers.job_plan import JobPlan, is_finished, make_plan
from reference_impl.controllers.job_status import finish, next_status
from reference_impl.controllers.meta_time import seconds_since
from reference_impl.controllers.ownership import candidates
from reference_impl.controllers.pod_status import condition_of, is_active, is_terminating
from reference_impl.errors import ApiError, NotFound
from reference_impl.objects import copy_json, is_deleting, name_of, namespace_of, owner_reference, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Retry, Watch

BATCH: Final = "batch/v1"


@dataclass(frozen=True, slots=True)
class _Sight:
    """One Job and its pods, from the caches or live, and the plan that follows."""

    job: JsonObject
    pods: Ownership
    plan: JobPlan
    status: JsonObject

    @property
    def is_quiet(self) -> bool:
        plan = self.plan
        return not (
            plan.create
            or plan.delete
            or plan.verdict
            or plan.count.finished
            or self.pods.orphans
            or self.pods.strays
            or self.status != (self.job.get("status") or {})
        )


class JobReconciler:
    """Brings one Job a step closer to its end at a time."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            job = await self.client.get(BATCH, "Job", request.name, request.namespace)
        except NotFound:
            return None
        pods = candidates(self.client, job, "v1", "Pod")
        if is_finished(job):
            return await self._tidy_up(job, pods)
        sight = self._judge(job, pods)
        if not sight.is_quiet:
            live = await self._look_live(request)
            if live is None:
                return None
            sight = live
            await self._act(sight)
        return Result(requeue_after_s=sight.plan.recheck_s) if sight.plan.recheck_s else None

    async def _look_live(self, request: Request) -> _Sight | None:
        """The Job first: its pods are then at least as new as it is. None if there is nothing left to run."""
        try:
            job = await self.client.live.get(BATCH, "Job", request.name, request.namespace)
        except NotFound:
            return None
        if is_finished(job):
            return None
        return self._judge(job, (await self.client.live.list("v1", "Pod", request.namespace))["items"])

    def _judge(self, job: JsonObject, all_pods: Sequence[JsonObject]) -> _Sight:
        selects, now = selector_of(job), self.client.now()
        pods = sort_by_owner(job, all_pods, lambda pod: selects(labels_of(pod)))
        plan = make_plan(job, pods.owned, now)
        return _Sight(job, pods, plan, next_status(job, plan, pods.owned, now))

    # ---------------------------------------------------------------------------------------------------------- acting

    async def _act(self, sight: _Sight) -> None:
        """Carry out a live sight: pods first, then the entry in the ledger, the finalizers, and the counters."""
        if await self._claim(sight):
            raise Retry(reason="pods were adopted or released: look again")
        job, plan, pods = sight.job, sight.plan, sight.pods.owned
        failure: ApiError | None = None
        deleted: list[JsonObject] = []
        created = 0
        try:
            for pod in plan.delete:
                await self._delete(pod, spare=plan.spare)
                deleted.append(pod)
            for index in plan.create:
                await self.client.create(new_pod(job, index))
                created += 1
        except ApiError as error:
            if plan.verdict is not None:
                # Pods that may still run are not entered as ended.
                raise
            failure = error
        status = next_status(job, plan, pods, self.client.now(), created=created, deleted=deleted)
        job = await self._report(job, status)
        await self._settle(job, plan, pods)
        if failure is not None:
            raise failure

    async def _claim(self, sight: _Sight) -> bool:
        for orphan in sight.pods.orphans:
            await adopt(self.client, "v1", "Pod", sight.job, orphan, finalizer=TRACKING_FINALIZER)
        for stray in sight.pods.strays:
            await release(self.client, "v1", "Pod", sight.job, stray, finalizer=TRACKING_FINALIZER)
        return bool(sight.pods.orphans or sight.pods.strays)

    async def _delete(self, pod: JsonObject, *, spare: bool) -> None:
        """Delete this very pod; it being gone already is success. A spare one is no failure: it is let go first."""
        try:
            if spare and is_tracked(pod):
                await remove_tracking(self.client, pod, unchanged=True)
            await self.client.delete("v1", "Pod", name_of(pod), namespace_of(pod), uid=uid_of(pod))
        except NotFound:
            return

    async def _settle(self, job: JsonObject, plan: JobPlan, pods: Sequence[JsonObject]) -> None:
        """Remove the finalizers of pods that the stored ledger names, raise the counters, and perhaps finish."""
        released: dict[str, None] = {}
        for pod in plan.count.finished:
            await remove_tracking(self.client, pod)
            released[uid_of(pod)] = None
        ledger = plan.count.ledger
        ledger.settle([uid_of(pod) for pod in pods if is_tracked(pod) and uid_of(pod) not in released])
        status: JsonObject = copy_json(job.get("status") or {})
        ledger.write_to(job, status)
        running = plan.active or any(is_terminating(pod) for pod in pods)
        if plan.verdict is not None and ledger.is_settled and not running:
            finish(status, plan.verdict, self.client.now())
        await self._report(job, status)

    async def _report(self, job: JsonObject, status: JsonObject) -> JsonObject:
        """Write the status if it differs; returns the Job as it is then. A Job that changed meanwhile: `Conflict`."""
        if status == (job.get("status") or {}):
            return job
        return await self.client.update_status({**job, "status": status})

    # ------------------------------------------------------------------------------------------------------- afterwards

    async def _tidy_up(self, job: JsonObject, pods: Sequence[JsonObject]) -> Result | None:
        """A finished Job runs no pods, and goes when its time to live is over."""
        if is_deleting(job):
            return None
        mine = sort_by_owner(job, pods, lambda _: True).owned
        left_over = [pod for pod in mine if is_active(pod)]
        ttl_s = job["spec"].get("ttlSecondsAfterFinished")
        remaining_s = None if ttl_s is None else self._remaining_s(job, ttl_s)
        if left_over or (remaining_s is not None and remaining_s <= 0):
            return await self._end(job)
        return Result(requeue_after_s=remaining_s) if remaining_s else None

    async def _end(self, cached: JsonObject) -> Result | None:
        """The same with live eyes: the finish time and the time to live may have been edited."""
        try:
            job = await self.client.live.get(BATCH, "Job", name_of(cached), namespace_of(cached))
        except NotFound:
            return None
        if uid_of(job) != uid_of(cached) or not is_finished(job) or is_deleting(job):
            return None
        pods = (await self.client.live.list("v1", "Pod", namespace_of(job)))["items"]
        for pod in sort_by_owner(job, pods, lambda _: True).owned:
            if is_active(pod):
                await self._delete(pod, spare=True)
        ttl_s = job["spec"].get("ttlSecondsAfterFinished")
        if ttl_s is None:
            return None
        remaining_s = self._remaining_s(job, ttl_s)
        if remaining_s > 0:
            return Result(requeue_after_s=remaining_s)
        await self.client.delete(
            BATCH,
            "Job",
            name_of(job),
            namespace_of(job),
            uid=uid_of(job),
            resource_version=job["metadata"]["resourceVersion"],
            propagation="Foreground",
        )
        return None

    def _remaining_s(self, job: JsonObject, ttl_s: float) -> float:
        condition = condition_of(job, "Complete") or condition_of(job, "Failed") or {}
        return ttl_s - (seconds_since(condition.get("lastTransitionTime"), self.client.now()) or 0.0)


def new_pod(job: JsonObject, index: int | None) -> JsonObject:
    """A pod of the Job, tracked from the start. Its name is the server's to make up."""
    template = job["spec"]["template"]
    given = template.get("metadata") or {}
    metadata: JsonObject = {
        "generateName": f"{name_of(job)}-" if index is None else f"{name_of(job)}-{index}-",
        "namespace": job["metadata"]["namespace"],
        "labels": dict(given.get("labels") or {}),
        "annotations": dict(given.get("annotations") or {}),
        "finalizers": [*dict.fromkeys([*(given.get("finalizers") or ()), TRACKING_FINALIZER])],
        "ownerReferences": [owner_reference(job)],
    }
    spec: JsonObject = copy_json(template.get("spec") or {})
    if index is not None:
        metadata["annotations"][INDEX_KEY] = metadata["labels"][INDEX_KEY] = str(index)
        spec.setdefault("hostname", f"{name_of(job)}-{index}")
    if not metadata["annotations"]:
        del metadata["annotations"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def job(client: Client) -> list[Controller]:
    """The factory: one process that runs Jobs and frees the pods that lost theirs."""
    jobs = Controller(
        name="job",
        reconcile=JobReconciler(client).reconcile,
        watches=[
            Watch(BATCH, "Job"),
            Watch("v1", "Pod", owner="Job"),
            Watch("v1", "Pod", map=owners_wanting(client, BATCH, "Job")),
        ],
    )
    return [jobs, job_orphans(client)]
