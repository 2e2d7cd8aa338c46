"""The node controllers: nodes that fall silent are tainted, and their pods leave or are cleaned up after them.

    kubelet renews its Lease ──► monitor: silent for 40 s by our own clock? ──► Ready=Unknown
    Ready, unschedulable     ──► taints (unreachable, not-ready, unschedulable)
    NoExecute taints         ──► taint eviction (`pod_eviction.py`)
    Node gone                ──► pod garbage collection (`pod_eviction.py`)

Each arrow is a write that the next one hears of. Heartbeats are judged by when *we* saw the Lease change, never by the
times written in it, so that skewed clocks do no harm; and before a node is called silent its Lease is read live, so
that a lagging watch does none (the original skips this). If no node at all is ready, the fault is more likely ours:
nothing is evicted then (full disruption).

Not modelled: zones, eviction rates, node conditions besides Ready, cloud providers.
Source: `pkg/controller/nodelifecycle/node_lifecycle_controller.go`.
"""

from dataclasses import dataclass
from datetime import datetime

from reference_impl.controllers.meta_time import timestamp
from reference_impl.controllers.outcomes import object_is_another
from reference_impl.controllers.pod_eviction import pod_eviction
from reference_impl.controllers.pods import condition_of
from reference_impl.errors import ApiError, NotFound
from reference_impl.objects import copy_json, is_deleting, name_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Component, Controller, Part, Request, Watch, clock_sleep

LEASE_NAMESPACE = "kube-node-lease"
MONITOR_PERIOD_S = 5.0
"""`--node-monitor-period`."""
MONITOR_GRACE_S = 40.0
"""`--node-monitor-grace-period`."""
SIGNS_KEPT = 8
"""Arbitrary; a cache seldom shows more than one sign again."""
UNREACHABLE = "node.kubernetes.io/unreachable"
NOT_READY = "node.kubernetes.io/not-ready"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_OURS = (UNREACHABLE, NOT_READY, UNSCHEDULABLE)


@dataclass(slots=True)
class _Heartbeat:
    """The last signs of life, and when we saw the last new one, on our monotonic clock.

    Several are kept, because a lagging cache may show one again that a live look has overtaken.
    """

    uid: str
    signs: list[tuple[object, object]]
    seen_s: float


class NodeMonitor:
    """Looks at every node every five seconds. Remembers when it saw each last alive; a restart starts afresh."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.nodes = client.informers.informer_for("v1", "Node")
        self.leases = client.informers.informer_for("coordination.k8s.io/v1", "Lease", LEASE_NAMESPACE)
        self._heartbeats: dict[str, _Heartbeat] = {}

    async def run(self) -> None:
        """For ever."""
        await self.nodes.wait_synced()
        await self.leases.wait_synced()
        while True:
            nodes = sorted(self.nodes.list(), key=name_of)
            names = [name_of(node) for node in nodes]
            self._heartbeats = {name: beat for name, beat in self._heartbeats.items() if name in names}
            for node in nodes:
                try:
                    await self._look_at(node)
                except ApiError:
                    continue  # looked at again in five seconds
            await clock_sleep(self.client.environment.clock, MONITOR_PERIOD_S, heartbeat="check")

    async def _look_at(self, node: JsonObject) -> None:
        if not self._is_silent(node, self.leases.get(name_of(node), LEASE_NAMESPACE)):
            return
        ready = condition_of(node, "Ready") or {}
        if ready.get("status") == "Unknown":
            return
        try:
            lease = await self.client.live.get("coordination.k8s.io/v1", "Lease", name_of(node), LEASE_NAMESPACE)
        except NotFound:
            lease = None
        if self._is_silent(node, lease):
            await self._call_unknown(node)

    def _is_silent(self, node: JsonObject, lease: JsonObject | None) -> bool:
        """Has there been no new sign of life for the grace period?"""
        now_s = self.client.monotonic_s()
        ready = condition_of(node, "Ready") or {}
        sign = ((lease or {}).get("spec", {}).get("renewTime"), ready.get("lastHeartbeatTime"))
        known = self._heartbeats.get(name_of(node))
        if known is None or known.uid != uid_of(node):
            self._heartbeats[name_of(node)] = _Heartbeat(uid_of(node), [sign], now_s)
            return False
        if sign not in known.signs:
            known.signs = [*known.signs[-SIGNS_KEPT:], sign]
            known.seen_s = now_s
            return False
        return now_s - known.seen_s > MONITOR_GRACE_S

    async def _call_unknown(self, node: JsonObject) -> None:
        ready = condition_of(node, "Ready") or {"lastHeartbeatTime": node["metadata"]["creationTimestamp"]}
        condition = {
            **ready,
            "type": "Ready",
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": timestamp(self.client.now()),
        }
        metadata = {"uid": uid_of(node), "resourceVersion": node["metadata"]["resourceVersion"]}
        body = {"metadata": metadata, "status": {"conditions": [condition]}}
        try:
            await self.client.patch("v1", "Node", name_of(node), body=body, type="strategic", subresource="status")
        except ApiError as error:
            if not object_is_another(error):
                raise


class NodeTaints:
    """Keeps the taints that follow from a node's condition; leaves those of others alone."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            node = await self.client.get("v1", "Node", request.name)
        except NotFound:
            return
        if is_deleting(node):
            return
        nodes = await self.client.list("v1", "Node")
        anyone_ready = any((condition_of(other, "Ready") or {}).get("status") == "True" for other in nodes)
        present = (node.get("spec") or {}).get("taints") or []
        wanted = taints_for(node, may_evict=anyone_ready, now=self.client.now())
        taints = [taint for taint in present if taint["key"] not in _OURS]
        for taint in wanted:
            same = [old for old in present if old["key"] == taint["key"] and old["effect"] == taint["effect"]]
            taints.append(same[0] if same else taint)
        if _as_set(taints) == _as_set(present):
            return
        changed = copy_json(node)
        changed.setdefault("spec", {})["taints"] = taints
        try:
            await self.client.update(changed)
        except NotFound:
            return

    def everyone(self, node: JsonObject) -> list[Request]:
        """A node's readiness decides about the others, too: is anyone ready?"""
        informer = self.client.informers.informer_for("v1", "Node")
        return [Request(None, name) for _namespace, name in informer.items]


def taints_for(node: JsonObject, *, may_evict: bool, now: datetime) -> list[JsonObject]:
    """The taints that a node's conditions ask for. `may_evict`: also those that make pods leave."""
    taints: list[JsonObject] = []
    ready = condition_of(node, "Ready")
    status = ready.get("status") if ready else None
    key = {"Unknown": UNREACHABLE, "False": NOT_READY}.get(str(status))
    if key is not None:
        taints.append({"key": key, "effect": "NoSchedule", "timeAdded": timestamp(now)})
        if may_evict:
            taints.append({"key": key, "effect": "NoExecute", "timeAdded": timestamp(now)})
    if (node.get("spec") or {}).get("unschedulable"):
        taints.append({"key": UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": timestamp(now)})
    return taints


def _as_set(taints: list[JsonObject]) -> list[tuple[str, str, str]]:
    return sorted((taint["key"], taint.get("effect", ""), taint.get("value", "")) for taint in taints)


def readiness_changed(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    if old is None or new is None:
        return True
    before, after = condition_of(old, "Ready") or {}, condition_of(new, "Ready") or {}
    return before.get("status") != after.get("status")


def node_lifecycle(client: Client) -> list[Part]:
    """Factory of the node controllers: one process."""
    taints = NodeTaints(client)
    return [
        Component(name="node-monitor", run=NodeMonitor(client).run),
        Controller(
            name="node-taints",
            reconcile=taints.reconcile,
            watches=[
                Watch("v1", "Node"),
                Watch("v1", "Node", map=taints.everyone, predicate=readiness_changed),
            ],
        ),
        pod_eviction(client),
    ]
