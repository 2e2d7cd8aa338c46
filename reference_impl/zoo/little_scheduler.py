"""The outside of several entries: a scheduler in miniature, which gives each pod the first node that has room.

This one is right. It looks live at a pod before it binds it, so a bind whose answer got lost is looked up, not guessed
at; and what it has booked on a node for a pod stands until the pod goes, or turns out to be unbound. Errors go back to
the queue, with its back-off.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.manifests import NAMESPACE, is_deleting

Json = dict[str, Any]
LOOK_AGAIN_S = 10.0
"""When a pod has found no node."""
PODS = 1
"""So many pods fit on a node."""


class LittleScheduler:
    """What it remembers is lost in a crash."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.nodes = client.informers.informer_for("v1", "Node")
        self.booked: dict[str, str] = {}
        """Node by uid of the pod."""

    async def reconcile(self, request: Request) -> Result | None:
        pod = await self.look(request)
        if pod is None or pod["spec"].get("nodeName") or is_deleting(pod):
            return None
        self.not_bound(pod["metadata"]["uid"])
        node = await self.choose(pod)
        if node is None:
            return Result(requeue_after_s=LOOK_AGAIN_S)
        return await self.bind(pod, node)

    async def look(self, request: Request) -> Json | None:
        try:
            return await self.client.live.get("v1", "Pod", request.name, request.namespace)
        except NotFound:
            return None

    async def choose(self, pod: Json) -> str | None:
        """The first node that has room, by name."""
        taken = dict(self.booked)
        for other in await self.client.list("v1", "Pod"):
            uid, node = other["metadata"]["uid"], other["spec"].get("nodeName")
            if node and uid != pod["metadata"]["uid"]:
                taken[uid] = node
        for name in sorted(self.known_nodes()):
            if list(taken.values()).count(name) < PODS:
                return name
        return None

    def known_nodes(self) -> list[str]:
        return [node["metadata"]["name"] for node in self.nodes.list()]

    async def bind(self, pod: Json, node: str) -> Result | None:
        self.booked[pod["metadata"]["uid"]] = node
        await self.client.create(binding(pod, node), subresource="binding")
        return None

    def not_bound(self, uid: str) -> None:
        """A pod is about to be placed: what was booked for it did not happen."""
        self.booked.pop(uid, None)

    def pod_changed(self, event_type: str, old: Json | None, new: Json | None) -> bool:
        """True if there is a pod to place."""
        if old is not None and (new is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
            self.booked.pop(old["metadata"]["uid"], None)
        return new is not None and not new["spec"].get("nodeName")


def controller(scheduler: LittleScheduler) -> Controller:
    return Controller(
        name="scheduler",
        reconcile=scheduler.reconcile,
        watches=[Watch("v1", "Pod", predicate=scheduler.pod_changed), Watch("v1", "Node", map=lambda node: [])],
    )


def binding(pod: Json, node: str) -> Json:
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace", "uid")}
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    return {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}


def pod(name: str) -> Json:
    """A pod without a node."""
    containers = [{"name": "main", "image": "main:1"}]
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}


def node(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
