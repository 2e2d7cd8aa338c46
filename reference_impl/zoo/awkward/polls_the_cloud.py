"""Requeue polling: a machine whose controller asks the cloud for it again and again.

Looks wrong: it wakes up for ever without anything new to look at. Is not: an outside system gives no watch, so whoever
waits for it must ask, every few seconds until the machine runs and once a minute from then on, in case it disappears.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Component, Controller, Request, Result, Watch
from reference_impl.zoo.awkward.attendant import Attendant
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, custom, definition, is_deleting

Json = dict[str, Any]

CLOUD = "cloud"
FINALIZER = "zoo.seatrial.dev/machine"
BOOT_S = 20.0
POLL_S = 5.0
LOOK_S = 60.0


class Machines:
    """One outside machine for each Machine; its uid is the idempotency key."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cloud = client.external(CLOUD)

    async def reconcile(self, request: Request) -> Result | None:
        try:
            # Live: for an object that has gone, nothing must be made outside.
            machine = await self.client.live.get(API, "Machine", request.name, request.namespace)
        except NotFound:
            return None
        uid, finalizers = machine["metadata"]["uid"], machine["metadata"].get("finalizers") or []
        if is_deleting(machine):
            if FINALIZER in finalizers:
                await self.cloud.call("delete", uid)
                machine["metadata"]["finalizers"] = [name for name in finalizers if name != FINALIZER]
                await self.client.update(machine)
            return None
        if FINALIZER not in finalizers:
            machine["metadata"]["finalizers"] = [*finalizers, FINALIZER]
            machine = await self.client.update(machine)
        item = await self.cloud.call("get", uid)
        if item is None:
            item = await self.cloud.call("create", uid, {"owner": uid})
        runs = bool((item or {}).get("runs"))
        status = {"phase": "Running" if runs else "Booting"}
        if machine.get("status") != status:
            await self.client.update_status({**machine, "status": status})
        return Result(requeue_after_s=LOOK_S if runs else POLL_S)


class Cloud(Attendant):
    """Boots machines."""

    def waits(self, item: Json) -> bool:
        return not item.get("runs")

    async def finish(self, item: Json) -> None:
        await self.outside.call("update", item["id"], {**item, "runs": True})


def machines(client: Client) -> Controller:
    return Controller(name="machines", reconcile=Machines(client).reconcile, watches=[Watch(API, "Machine")])


def cloud(client: Client) -> Component:
    return Component("cloud", Cloud(client, CLOUD, BOOT_S).run)


ENTRY = Awkward(
    id="polls-the-cloud",
    about="It wakes up for ever with nothing new to look at, because an outside system must be asked to be known.",
    controller=(machines, cloud),
    manifests=(
        definition("Machine", {"image": {"type": "string"}}, {"phase": {"type": "string"}}),
        custom("Machine", "build", {"image": "linux"}),
    ),
)
