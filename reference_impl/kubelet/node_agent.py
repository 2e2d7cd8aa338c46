"""The kubelet's other half: the Node object, and the Lease that says that the node lives.

The Node is registered once, when the process starts; a Node deleted while its kubelet runs comes back only when the
kubelet restarts, as in Kubernetes. The Lease is renewed every 10 s and made again if it is gone, but never without its
Node, which owns it. Its heartbeats do not touch the Node: the Ready condition is written when it does not say True.

Not modelled: node status reports every five minutes, images, volumes, addresses, pressure conditions (always fine).
Source: `pkg/kubelet/kubelet_node_status.go`, `component-helpers/apimachinery/lease`.
"""

from datetime import UTC, datetime

from reference_impl.controllers.meta_time import timestamp
from reference_impl.controllers.outcomes import object_is_another
from reference_impl.controllers.pods import condition_of
from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.objects import owner_reference
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Informer, clock_sleep

LEASE_NAMESPACE = "kube-node-lease"
LEASE_DURATION_S = 40
"""`nodeLeaseDurationSeconds`."""
RENEW_INTERVAL_S = 10.0
"""`nodeLeaseRenewIntervalFraction` (0.25) of the duration."""
RETRY_INTERVAL_S = 1.0
"""After a failed renewal; the original retries five times at once, which in virtual time says nothing."""
ALLOCATABLE = {"cpu": "4", "memory": "8Gi", "pods": "110"}


class NodeAgent:
    """Keeps one Node registered, ready and alive.

    Args:
        node: the node's name.
        nodes: the informer of this one Node.
    """

    def __init__(self, client: Client, node: str, nodes: Informer) -> None:
        self._client = client
        self._node = node
        self._nodes = nodes
        self._lease: JsonObject | None = None

    async def register(self) -> None:
        """Create the Node unless it is there. Raises `ApiError`."""
        labels = {"kubernetes.io/hostname": self._node, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self._node, "labels": labels},
            "spec": {},
            "status": self._status(timestamp(self._client.now())),
        }
        try:
            created = await self._client.create(node)
        except AlreadyExists:
            created = await self._client.live.get("v1", "Node", self._node)
        await self.report(created)

    async def report(self, node: JsonObject | None) -> None:
        """Make the Node say that it is ready, if it does not. `node`: as last seen; None: gone, nothing to say."""
        if node is None or _is_fine(node):
            return
        body = {"metadata": {"uid": node["metadata"]["uid"]}, "status": self._status(timestamp(self._client.now()))}
        try:
            await self._client.patch("v1", "Node", self._node, body=body, type="strategic", subresource="status")
        except ApiError as error:
            if not object_is_another(error):
                raise

    async def beat(self) -> None:
        """Renew the lease for ever."""
        clock = self._client.environment.clock
        while True:
            try:
                renewed = await self._renew()
            except ApiError:
                self._lease = None  # somebody else wrote it, or nobody knows: look again
                renewed = False
            await clock_sleep(clock, RENEW_INTERVAL_S if renewed else RETRY_INTERVAL_S, heartbeat="sign")

    async def _renew(self) -> bool:
        if self._lease is None:
            try:
                self._lease = await self._client.live.get(
                    "coordination.k8s.io/v1", "Lease", self._node, LEASE_NAMESPACE
                )
            except NotFound:
                return await self._create_lease()
        lease = self._lease
        lease["spec"] = {**(lease.get("spec") or {}), **self._lease_spec()}
        self._lease = await self._client.update(lease)
        return True

    async def _create_lease(self) -> bool:
        node = self._nodes.get(self._node)
        if node is None:
            return False
        self._lease = await self._client.create(
            {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {
                    "name": self._node,
                    "namespace": LEASE_NAMESPACE,
                    "ownerReferences": [
                        {key: owner_reference(node)[key] for key in ("apiVersion", "kind", "name", "uid")}
                    ],
                },
                "spec": self._lease_spec(),
            }
        )
        return True

    def _lease_spec(self) -> JsonObject:
        return {
            "holderIdentity": self._node,
            "leaseDurationSeconds": LEASE_DURATION_S,
            "renewTime": _micro_time(self._client.now()),
        }

    def _status(self, now: str) -> JsonObject:
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "kubelet is posting ready status",
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        return {"capacity": dict(ALLOCATABLE), "allocatable": dict(ALLOCATABLE), "conditions": [ready]}


def _micro_time(moment: datetime) -> str:
    """`metav1.MicroTime`, as Leases use it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_fine(node: JsonObject) -> bool:
    ready = condition_of(node, "Ready")
    return ready is not None and ready.get("status") == "True" and bool(node["status"].get("allocatable"))
