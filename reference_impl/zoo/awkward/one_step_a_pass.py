"""Many passes: a chain of things of which each pass makes the first one that is missing.

Looks wrong: a pass that succeeds leaves work undone, and comes back after a pause that has nothing to do with anything.
Is not: each pass takes one step and asks for the next, as state machines in controllers do, and the last one rests.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

Json = dict[str, Any]

STEPS = ("keel", "hull", "mast", "sail")
NEXT_S = 8.0
AGAIN_S = 1.0


class Shipyard:
    """A ConfigMap for each part of a hull, one after the other."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            boat = await self.client.get(API, "Boat", request.name, request.namespace)
        except NotFound:
            return None
        if is_deleting(boat):
            return None
        for step in STEPS:
            if await self._step(boat, step):
                return Result(requeue_after_s=NEXT_S)
        status = {"afloat": True}
        if boat.get("status") != status:
            await self.client.update_status({**boat, "status": status})
        return None

    async def _step(self, boat: Json, step: str) -> bool:
        """Bring one part about; False if it is as it should be."""
        name, namespace = f"{boat['metadata']['name']}-{step}", boat["metadata"]["namespace"]
        data = {"wood": boat["spec"]["wood"]}
        try:
            part = await self.client.get("v1", "ConfigMap", name, namespace)
        except NotFound:
            await self.client.create(config_map({"name": name}, data, boat))
            return True
        if is_deleting(part) or not is_controlled_by(part, boat):
            raise Retry(AGAIN_S, reason="an older part is still there")
        if part.get("data") == data:
            return False
        await self.client.update({**part, "data": data})
        return True


def shipyard(client: Client) -> Controller:
    # Parts that go or change are noticed, but nothing except its own clock drives it from step to step.
    parts = Watch("v1", "ConfigMap", owner="Boat", predicate=lambda event, _old, _new: event != "ADDED")
    return Controller(name="shipyard", reconcile=Shipyard(client).reconcile, watches=[Watch(API, "Boat"), parts])


ENTRY = Awkward(
    id="one-step-a-pass",
    about="A pass that succeeds leaves most of the work undone, because it takes one step and asks for the next.",
    controller=shipyard,
    manifests=(
        definition("Boat", {"wood": {"type": "string"}}, {"afloat": {"type": "boolean"}}),
        custom("Boat", "gig", {"wood": "oak"}),
    ),
)
