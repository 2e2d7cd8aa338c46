"""Retry storm: an order that fails, and fails again, until its disk is ready.

Looks wrong: every pass but the last ends in an error, a dozen within the quarter of a minute that a disk takes. Is not:
the queue's back-off spaces them, and each pass looks at what is there. The status says "Waiting" in the meantime.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, custom, definition, is_controlled_by, is_deleting, reference_to

FORMATTING_S = 15.0


class Orders:
    """One disk of the same name for each order."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            order = await self.client.get(API, "Order", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(order):
            return
        ready = await self._disk_is_ready(order)
        status = {"phase": "Ready" if ready else "Waiting"}
        if order.get("status") != status:
            await self.client.update_status({**order, "status": status})
        if not ready:
            raise Retry(reason="the disk is not ready")

    async def _disk_is_ready(self, order: dict[str, Any]) -> bool:
        name, namespace = order["metadata"]["name"], order["metadata"]["namespace"]
        try:
            disk = await self.client.get(API, "Disk", name, namespace)
        except NotFound:
            wanted = custom("Disk", name, order["spec"])
            wanted["metadata"]["ownerReferences"] = [reference_to(order)]
            await self.client.create(wanted)
            return False
        if not is_controlled_by(disk, order) or is_deleting(disk):
            return False
        if disk["spec"] != order["spec"]:
            await self.client.update({**disk, "spec": order["spec"]})
        return bool((disk.get("status") or {}).get("ready"))


class Disks:
    """Formats disks, which takes its time."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._began_s: dict[str, float] = {}

    async def reconcile(self, request: Request) -> Result | None:
        try:
            disk = await self.client.get(API, "Disk", request.name, request.namespace)
        except NotFound:
            return None
        if is_deleting(disk) or (disk.get("status") or {}).get("ready"):
            return None
        now_s = self.client.monotonic_s()
        left_s = self._began_s.setdefault(disk["metadata"]["uid"], now_s) + FORMATTING_S - now_s
        if left_s > 0:
            return Result(requeue_after_s=left_s)
        await self.client.update_status({**disk, "status": {"ready": True}})
        return None


def orders(client: Client) -> Controller:
    both = [Watch(API, "Order"), Watch(API, "Disk", owner="Order")]
    return Controller(name="orders", reconcile=Orders(client).reconcile, watches=both)


def disks(client: Client) -> Controller:
    return Controller(name="disks", reconcile=Disks(client).reconcile, watches=[Watch(API, "Disk")])


ENTRY = Awkward(
    id="retries-until-ready",
    about="Every pass ends in an error until the disk is ready; the queue's back-off keeps that from being a hot loop.",
    controller=(orders, disks),
    manifests=(
        definition("Order", {"size": {"type": "integer", "minimum": 1}}, {"phase": {"type": "string"}}),
        definition("Disk", {"size": {"type": "integer"}}, {"ready": {"type": "boolean"}}),
        custom("Order", "data", {"size": 4}),
    ),
)
