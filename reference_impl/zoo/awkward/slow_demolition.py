"""A finalizer that takes its time: a site that goes only when its outside building has been pulled down.

Looks wrong: an object that is being deleted stays for half a minute, and nothing is written meanwhile. Is not: the
finalizer waits for an outside system that is slow, and whoever took it off before would leave the building behind.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Component, Controller, Request, Result, Watch
from reference_impl.zoo.awkward.attendant import Attendant
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, custom, definition, is_deleting

Json = dict[str, Any]

TOWN = "town"
FINALIZER = "zoo.seatrial.dev/site"
DEMOLITION_S = 25.0
POLL_S = 5.0


class Sites:
    """One outside building for each Site; its uid is the idempotency key."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.town = client.external(TOWN)

    async def reconcile(self, request: Request) -> Result | None:
        try:
            # Live: for an object that has gone, nothing must be made outside.
            site = await self.client.live.get(API, "Site", request.name, request.namespace)
        except NotFound:
            return None
        uid, finalizers = site["metadata"]["uid"], site["metadata"].get("finalizers") or []
        if is_deleting(site):
            return await self._pull_down(site) if FINALIZER in finalizers else None
        if FINALIZER not in finalizers:
            site["metadata"]["finalizers"] = [*finalizers, FINALIZER]
            site = await self.client.update(site)
        await self.town.call("create", uid, {"owner": uid})
        if site.get("status") != {"built": True}:
            await self.client.update_status({**site, "status": {"built": True}})
        return None

    async def _pull_down(self, site: Json) -> Result | None:
        uid = site["metadata"]["uid"]
        building = await self.town.call("get", uid)
        if building is not None:
            if not building.get("condemned"):
                await self.town.call("update", uid, {**building, "condemned": True})
            return Result(requeue_after_s=POLL_S)
        site["metadata"]["finalizers"] = [name for name in site["metadata"]["finalizers"] if name != FINALIZER]
        await self.client.update(site)
        return None


class Wreckers(Attendant):
    """Pull down what is condemned."""

    def waits(self, item: Json) -> bool:
        return bool(item.get("condemned"))

    async def finish(self, item: Json) -> None:
        await self.outside.call("delete", item["id"])


def sites(client: Client) -> Controller:
    return Controller(name="sites", reconcile=Sites(client).reconcile, watches=[Watch(API, "Site")])


def wreckers(client: Client) -> Component:
    return Component("wreckers", Wreckers(client, TOWN, DEMOLITION_S).run)


ENTRY = Awkward(
    id="slow-demolition",
    about="A deletion hangs for half a minute and nothing is written: its finalizer waits for a slow outside system.",
    controller=(sites, wreckers),
    manifests=(
        definition("Site", {"street": {"type": "string"}}, {"built": {"type": "boolean"}}),
        custom("Site", "mill", {"street": "Quay"}),
    ),
)
