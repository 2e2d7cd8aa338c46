"""Frees pods whose Job no longer counts them: it is gone, it is finished, or it let them go.

Such a pod keeps the tracking finalizer, and without this nobody would ever remove it: the pod could not be deleted
(kubernetes PR#119159 is the same leak from the other side). That the Job is gone is never believed of a cache: an
absent Job may be one that the cache has not heard of yet.

Source: `syncOrphanPod`, `pkg/controller/job/job_controller.go`.
"""

from typing import Final

from reference_impl.controllers.job_accounting import TRACKING_FINALIZER, is_tracked
from reference_impl.controllers.job_plan import is_finished
from reference_impl.controllers.ownership import candidates
from reference_impl.controllers.pod_status import is_active
from reference_impl.errors import NotFound
from reference_impl.objects import controller_of, is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Watch

BATCH: Final = "batch/v1"


async def remove_tracking(client: Client, pod: JsonObject, *, unchanged: bool = False) -> None:
    """Remove the tracking finalizer from this very pod; it being gone already is success.

    Args:
        unchanged: only if nothing else about the pod changed either, else `Conflict`.
    """
    metadata: JsonObject = {"uid": uid_of(pod), "$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER]}
    if unchanged:
        metadata["resourceVersion"] = pod["metadata"]["resourceVersion"]
    try:
        await client.patch("v1", "Pod", name_of(pod), namespace_of(pod), body={"metadata": metadata}, type="strategic")
    except NotFound:
        return


class OrphanReconciler:
    """Looks at one tracked pod: does a Job still count it?"""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            pod = await self.client.get("v1", "Pod", request.name, request.namespace)
        except NotFound:
            return
        if not is_tracked(pod) or await self._is_counted(pod, live=False):
            return
        try:
            pod = await self.client.live.get("v1", "Pod", request.name, request.namespace)
        except NotFound:
            return
        if is_tracked(pod) and not await self._is_counted(pod, live=True):
            await remove_tracking(self.client, pod)

    async def _is_counted(self, pod: JsonObject, *, live: bool) -> bool:
        """Whether somebody else will remove the finalizer in time."""
        controller = controller_of(pod)
        if controller is None:
            return False
        if controller["kind"] != "Job":
            return True  # Not a Job's pod: whoever put the finalizer there takes it away.
        read = self.client.live.get if live else self.client.get
        try:
            job = await read(BATCH, "Job", controller["name"], namespace_of(pod))
        except NotFound:
            return False
        if uid_of(job) != controller["uid"]:
            return False
        # A finished Job's straggler is deleted first, so that nothing runs unseen.
        return not is_finished(job) or is_active(pod)

    async def pods_to_check(self, pod: JsonObject) -> list[Request]:
        """Of a pod: itself, if it is tracked and its Job does not obviously count it."""
        if not is_tracked(pod) or await self._is_counted(pod, live=False):
            return []
        return [Request(namespace_of(pod), name_of(pod))]

    async def pods_of(self, job: JsonObject) -> list[Request]:
        """Of a Job: all its tracked pods."""
        pods = candidates(self.client, job, "v1", "Pod")
        mine = [pod for pod in pods if (controller_of(pod) or {}).get("uid") == uid_of(job) and is_tracked(pod)]
        return [Request(namespace_of(pod), name_of(pod)) for pod in mine]


def is_over(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    """A Job that is gone, going or finished: its pods may need freeing.

    Gone is also one whose name another has taken: who lists again hears of that as an update, with no DELETED between
    (client-go's `Replaced` deltas go by name).
    """
    if event_type == "DELETED" or new is None:
        return True
    return is_finished(new) or is_deleting(new) or (old is not None and uid_of(old) != uid_of(new))


def job_orphans(client: Client) -> Controller:
    """The second part of the Job controller's process."""
    reconciler = OrphanReconciler(client)
    return Controller(
        name="job-orphans",
        reconcile=reconciler.reconcile,
        watches=[
            Watch("v1", "Pod", map=reconciler.pods_to_check),
            Watch(BATCH, "Job", map=reconciler.pods_of, predicate=is_over),
        ],
    )
