"""Lost update: a controller that writes the conditions of a site and wipes out another controller's.

The bug: a merge patch cannot add to a list, it replaces the list. The controller of signs writes all conditions as its
cache shows them, and its own; the one that the controller of roads has just set is not in there yet, and is gone. Its
owner sets it again as soon as it looks, and whoever waited for it has seen a road that was not there. Real case:
Java Operator SDK took other controllers' finalizers off in this way, with the list that its cache showed.

Weather: whatever keeps the roads' condition from the cache while their plan, by which signs are put up, arrives.
Caught by: `one_writer_per_field`. The end state is right.
The twin sends the resourceVersion that it read, and reads again after a conflict.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Part, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting

Json = dict[str, Any]


class Roads:
    """Keeps a condition of its own on each Site, and a plan for the others to go by."""

    kind = "Roads"

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            # Live, so that it notices as soon as its condition is missing.
            site = await self.client.live.get(API, "Site", request.name, request.namespace)
            await self.report(site)
            if not is_deleting(site):
                await self.client.create(config_map({"name": f"{request.name}-plan"}, {"lanes": "2"}, site))
        except (AlreadyExists, NotFound):
            return

    async def report(self, site: Json) -> None:
        if not is_deleting(site) and self.kind not in [condition["type"] for condition in _conditions(site)]:
            await self.write(site, [*_conditions(site), {"type": self.kind, "status": "True"}])

    async def write(self, site: Json, conditions: list[Json]) -> None:
        """Raises `Conflict` if the site has changed since it was read."""
        await self.client.update_status({**site, "status": {"conditions": conditions}})


class Signs(Roads):
    """Puts up signs as soon as there is a plan."""

    kind = "Signs"

    async def reconcile(self, request: Request) -> None:
        try:
            await self.client.get("v1", "ConfigMap", f"{request.name}-plan", request.namespace)
            await self.report(await self.client.get(API, "Site", request.name, request.namespace))
        except NotFound:
            return


class PatchesTheList(Signs):
    async def write(self, site: Json, conditions: list[Json]) -> None:
        metadata = site["metadata"]
        body = {"metadata": {"uid": metadata["uid"]}, "status": {"conditions": conditions}}
        name, namespace = metadata["name"], metadata["namespace"]
        await self.client.patch(API, "Site", name, namespace, body=body, subresource="status")


def _conditions(site: Json) -> list[Json]:
    return (site.get("status") or {}).get("conditions") or []


def wrong(client: Client) -> list[Part]:
    return _controllers(client, PatchesTheList(client))


def fixed(client: Client) -> list[Part]:
    return _controllers(client, Signs(client))


def _controllers(client: Client, signs: Signs) -> list[Part]:
    watches = [Watch(API, "Site"), Watch("v1", "ConfigMap", owner="Site")]
    return [
        Controller(name="roads", reconcile=Roads(client).reconcile, watches=watches),
        Controller(name="signs", reconcile=signs.reconcile, watches=watches),
    ]


_CONDITION = {"type": "object", "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}

ENTRY = Entry(
    id="wiped-condition",
    property="one_writer_per_field",
    faults=(*CACHE_BEHIND, "pause"),
    bug="https://github.com/operator-framework/java-operator-sdk/issues/1245",
    tags=("lost update", "stale read"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Site", {"town": {"type": "string"}}, {"conditions": {"type": "array", "items": _CONDITION}}),
        custom("Site", "harbour", {"town": "kiel"}),
    ),
    trial_options={
        "workload": [],
        "properties": ("one_writer_per_field", "converges", "idempotent", "no_panic", "no_hot_loop"),
    },
)
