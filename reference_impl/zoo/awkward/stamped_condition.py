"""`lastTransitionTime`: a status with the time of day in it.

Looks wrong: a reconcile that writes the present time never writes the same twice. Is not: the time changes only when
the condition's status does, as the API conventions want it, so that a pass with nothing new writes nothing.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

Json = dict[str, Any]

AGAIN_S = 1.0
CONDITION = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


class Lamps:
    """A ConfigMap for each lamp that is lit, and a condition that says whether it is."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            lamp = await self.client.get(API, "Lamp", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(lamp):
            return
        try:
            oil = await self.client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            oil = None
        if oil is not None and (is_deleting(oil) or not is_controlled_by(oil, lamp)):
            raise Retry(AGAIN_S, reason="the oil of an older lamp is still there")
        await self._report(lamp, "True" if oil is not None else "False")
        if oil is None:
            await self.client.create(config_map({"name": request.name}, {"oil": "whale"}, lamp))

    async def _report(self, lamp: Json, status: str) -> None:
        conditions = (lamp.get("status") or {}).get("conditions") or []
        before = next((condition for condition in conditions if condition["type"] == "Lit"), None)
        generation = lamp["metadata"]["generation"]
        if before is not None and (before["status"], before["observedGeneration"]) == (status, generation):
            return
        lit = {"type": "Lit", "status": status, "observedGeneration": generation, "reason": "Looked", "message": ""}
        if before is not None and before["status"] == status:
            lit["lastTransitionTime"] = before["lastTransitionTime"]
        else:
            lit["lastTransitionTime"] = self.client.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        others = [condition for condition in conditions if condition is not before]
        await self.client.update_status({**lamp, "status": {"conditions": [*others, lit]}})


def lamps(client: Client) -> Controller:
    watches = [Watch(API, "Lamp"), Watch("v1", "ConfigMap", owner="Lamp")]
    return Controller(name="lamps", reconcile=Lamps(client).reconcile, watches=watches)


ENTRY = Awkward(
    id="stamped-condition",
    about="It writes the time of day into its status, but only when the condition changes, so that it comes to rest.",
    controller=lamps,
    manifests=(
        definition("Lamp", {"colour": {"type": "string"}}, {"conditions": {"type": "array", "items": CONDITION}}),
        custom("Lamp", "pier", {"colour": "red"}),
    ),
)
