"""Pods that must leave their node: evicted by NoExecute taints, or left behind by a node that is gone.

Taint eviction: a pod that does not tolerate a NoExecute taint is deleted, one that tolerates it for a while is deleted
after that while, counted from when this process first saw taint and pod together. A pod that says nothing about
unreachable and not-ready tolerates them for 300 s, as the admission plugin DefaultTolerationSeconds would have it say.
Pod garbage collection: a pod bound to a Node that does not exist is removed by force, after a quarantine and a live
look at the Node. Either way the pod first gets its DisruptionTarget condition, and deletions name its uid.

Not modelled: the sweep of finished pods beyond 12,500. Sources: `pkg/controller/tainteviction/taint_eviction.go`,
`pkg/controller/podgc/gc_controller.go`.
"""

from reference_impl.controllers.meta_time import timestamp
from reference_impl.controllers.outcomes import object_is_another
from reference_impl.controllers.pods import condition_of, is_terminal
from reference_impl.errors import ApiError, Conflict, NotFound
from reference_impl.objects import is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.scheduler.fit import covers

QUARANTINE_S = 40.0
"""`quarantineTime` of the pod garbage collector."""
DEFAULT_TOLERATION_S = 300
"""DefaultTolerationSeconds."""
_TOLERATED_FOR_A_WHILE = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")


class PodEviction:
    """Remembers since when each pod has been in trouble, on this process's monotonic clock."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._tainted_s: dict[str, float] = {}
        self._homeless_s: dict[str, float] = {}

    async def reconcile(self, request: Request) -> Result | None:
        try:
            pod = await self.client.get("v1", "Pod", request.name, request.namespace)
        except NotFound:
            return None
        node_name = pod["spec"].get("nodeName")
        if not node_name:
            return None
        try:
            node = await self.client.get("v1", "Node", node_name)
        except NotFound:
            self._tainted_s.pop(uid_of(pod), None)
            return await self._homeless(pod, node_name)
        self._homeless_s.pop(uid_of(pod), None)
        return await self._at_home(pod, node)

    # ------------------------------------------------------------------------------------------------- taint eviction

    async def _at_home(self, pod: JsonObject, node: JsonObject) -> Result | None:
        stays_s = stays_for_s(pod, node)
        if stays_s is None or is_deleting(pod) or is_terminal(pod):
            self._tainted_s.pop(uid_of(pod), None)
            return None
        now_s = self.client.monotonic_s()
        left_s = self._tainted_s.setdefault(uid_of(pod), now_s) + stays_s - now_s
        if left_s > 0:
            return Result(requeue_after_s=left_s)
        fresh = await self.client.live.get("v1", "Node", name_of(node))
        if uid_of(fresh) != uid_of(node) or stays_for_s(pod, fresh) is None:
            return None  # the taint is gone already: the event is on its way
        await self._mark(pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")
        await self._delete(pod, grace_period_s=None)
        return None

    # -------------------------------------------------------------------------------------------- pod garbage collector

    async def _homeless(self, pod: JsonObject, node_name: str) -> Result | None:
        now_s = self.client.monotonic_s()
        left_s = self._homeless_s.setdefault(uid_of(pod), now_s) + QUARANTINE_S - now_s
        if left_s > 0:
            return Result(requeue_after_s=left_s)
        try:
            await self.client.live.get("v1", "Node", node_name)
        except NotFound:
            await self._mark(pod, "DeletionByPodGC", "PodGC: node no longer exists", phase="Failed")
            await self._delete(pod, grace_period_s=0)
        return None

    # -------------------------------------------------------------------------------------------------------- commands

    async def _mark(self, pod: JsonObject, reason: str, message: str, *, phase: str | None = None) -> None:
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": reason,
            "message": message,
            "lastTransitionTime": timestamp(self.client.now()),
        }
        status: JsonObject = {}
        if (condition_of(pod, "DisruptionTarget") or {}).get("status") != "True":
            status["conditions"] = [condition]
        if phase is not None and not is_terminal(pod):
            status["phase"] = phase
        if not status:
            return
        body = {"metadata": {"uid": uid_of(pod)}, "status": status}
        try:
            await self.client.patch(
                "v1", "Pod", name_of(pod), namespace_of(pod), body=body, type="strategic", subresource="status"
            )
        except ApiError as error:
            if not object_is_another(error):
                raise

    async def _delete(self, pod: JsonObject, *, grace_period_s: int | None) -> None:
        try:
            await self.client.delete(
                "v1", "Pod", name_of(pod), namespace_of(pod), uid=uid_of(pod), grace_period_s=grace_period_s
            )
        except (NotFound, Conflict):
            return  # gone, or replaced under its name

    # -------------------------------------------------------------------------------------------------- what is heard

    def pod_changed(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
        """Only pods with a node matter; what ended is forgotten."""
        if old is not None and (new is None or uid_of(new) != uid_of(old)):
            self._tainted_s.pop(uid_of(old), None)
            self._homeless_s.pop(uid_of(old), None)
        return new is not None and bool(new["spec"].get("nodeName"))

    def pods_on(self, node: JsonObject) -> list[Request]:
        """Every pod that is bound to this node."""
        informer = self.client.informers.informer_for("v1", "Pod")
        return [
            Request(namespace, name)
            for (namespace, name), pod in informer.items.items()
            if pod["spec"].get("nodeName") == name_of(node)
        ]


def stays_for_s(pod: JsonObject, node: JsonObject) -> float | None:
    """How long the pod tolerates the node's NoExecute taints, in virtual seconds; None: for ever."""
    tolerations = pod["spec"].get("tolerations") or []
    shortest: float | None = None
    for taint in (node.get("spec") or {}).get("taints") or ():
        if taint.get("effect") != "NoExecute":
            continue
        covering = [item for item in tolerations if covers(item, taint)]
        if not covering:
            stays_s = float(DEFAULT_TOLERATION_S) if taint["key"] in _TOLERATED_FOR_A_WHILE else 0.0
        else:
            limits = [item["tolerationSeconds"] for item in covering if item.get("tolerationSeconds") is not None]
            if not limits:
                continue
            stays_s = max(0.0, float(min(limits)))
        shortest = stays_s if shortest is None else min(shortest, stays_s)
    return shortest


def node_matters(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    """A node came, went or changed its taints; heartbeats do not count."""
    if old is None or new is None:
        return True
    return uid_of(old) != uid_of(new) or (old.get("spec") or {}).get("taints") != (new.get("spec") or {}).get("taints")


def pod_eviction(client: Client) -> Controller:
    """Factory of taint eviction and pod garbage collection; part of the node controllers' process."""
    eviction = PodEviction(client)
    return Controller(
        name="pod-eviction",
        reconcile=eviction.reconcile,
        watches=[
            Watch("v1", "Pod", predicate=eviction.pod_changed),
            Watch("v1", "Node", map=eviction.pods_on, predicate=node_matters),
        ],
        workers=2,
    )
