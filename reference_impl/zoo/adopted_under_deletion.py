"""Stale read: a fleet controller that adopts ships for a fleet which is being deleted.

The bug: whoever adopts an object asks his cache whether the owner still lives. Nothing in the object's own version says
so, hence no conflict can stop him: what was meant to be left behind is made the dead owner's again, and is collected
with it. Real case: kubernetes#42639, where a Deployment took back the ReplicaSets that its deletion had just orphaned.

Weather: whatever keeps the owner's deletion from the controller while it hears of the object.
Caught by: `adopts_only_living_unowned_objects`.
The twin looks at the owner once more, live, before it adopts (RecheckDeletionTimestamp).
"""

from typing import Any

from reference_impl.errors import Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import (
    API,
    config_map,
    create,
    custom,
    definition,
    delete,
    is_deleting,
    reference_to,
    sleep,
)

Json = dict[str, Any]
FLEET = "fleet"
"""The label by which ships, here ConfigMaps, belong to a fleet."""


class AsksItsCache:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        fleet = await self.living(self.client.get, request)
        if fleet is None:
            return
        if fleet.get("status") != fleet["spec"]:
            await self._hoist(fleet)
        for ship in await self.client.list("v1", "ConfigMap", request.namespace, labels=f"{FLEET}={request.name}"):
            if not ship["metadata"].get("ownerReferences") and not is_deleting(ship):
                await self.adopt(fleet, ship)

    async def _hoist(self, fleet: Json) -> None:
        metadata = fleet["metadata"]
        body = {"metadata": {"uid": metadata["uid"]}, "status": fleet["spec"]}
        try:
            await self.client.patch(
                API, "Fleet", metadata["name"], metadata["namespace"], body=body, subresource="status"
            )
        except (Conflict, NotFound):
            return

    async def living(self, get: Any, request: Request) -> Json | None:
        try:
            fleet: Json = await get(API, "Fleet", request.name, request.namespace)
        except NotFound:
            return None
        return None if is_deleting(fleet) else fleet

    async def adopt(self, fleet: Json, ship: Json) -> None:
        """Only as it was seen: somebody else may have adopted it."""
        metadata = {key: ship["metadata"][key] for key in ("uid", "resourceVersion")}
        body = {"metadata": {**metadata, "ownerReferences": [reference_to(fleet)]}}
        try:
            await self.client.patch(
                "v1", "ConfigMap", ship["metadata"]["name"], ship["metadata"]["namespace"], body=body
            )
        except (Conflict, NotFound):
            return


class AsksTheServer(AsksItsCache):
    async def adopt(self, fleet: Json, ship: Json) -> None:
        request = Request(fleet["metadata"]["namespace"], fleet["metadata"]["name"])
        fresh = await self.living(self.client.live.get, request)
        if fresh is not None and fresh["metadata"]["uid"] == fleet["metadata"]["uid"]:
            await super().adopt(fresh, ship)


def wrong(client: Client) -> Controller:
    return _controller(AsksItsCache(client))


def fixed(client: Client) -> Controller:
    return _controller(AsksTheServer(client))


def _controller(reconciler: AsksItsCache) -> Controller:
    return Controller(
        name="fleet",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Fleet"), Watch("v1", "ConfigMap", map=_fleet_of)],
    )


def _fleet_of(ship: Json) -> list[Request]:
    fleet = (ship["metadata"].get("labels") or {}).get(FLEET)
    return [Request(ship["metadata"]["namespace"], fleet)] if fleet else []


ENTRY = Entry(
    id="adopted-under-deletion",
    property="adopts_only_living_unowned_objects",
    faults=(*CACHE_BEHIND, "compaction", "late_commit", "pause"),
    bug="https://github.com/kubernetes/kubernetes/issues/42639",
    tags=("stale read", "adoption", "orphan"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Fleet", {"flag": {"type": "string"}}, {"flag": {"type": "string"}}),
        custom("Fleet", "north", {"flag": "blue"}),
    ),
    trial_options={
        "workload": [
            sleep(1),
            delete("Fleet", "north"),
            sleep(1),
            create(config_map({"name": "ship", "labels": {FLEET: "north"}}, {"tons": "900"})),
        ],
        "built_ins": "none",
    },
)
