"""Errors on every conflict: a controller that lets each 409 leave its reconcile.

Looks wrong: nothing is caught, nothing is tried again, and an old cache makes it fail several times in a row. Is not:
an error that is returned comes back after the key's back-off, by which time the cache has heard of what was in the way.
"""

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting


class Quotas:
    """One ConfigMap for each quota, and its limit in the status."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            quota = await self.client.get(API, "Quota", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(quota):
            return
        data = {"limit": str(quota["spec"]["limit"])}
        try:
            found = await self.client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            found = await self.client.create(config_map({"name": request.name}, data, quota))
        if is_deleting(found) or not is_controlled_by(found, quota):
            raise Retry(reason="an older one is still there")
        if found.get("data") != data:
            await self.client.update({**found, "data": data})
        status = {"limit": quota["spec"]["limit"], "observedGeneration": quota["metadata"]["generation"]}
        if quota.get("status") != status:
            await self.client.update_status({**quota, "status": status})


def quotas(client: Client) -> Controller:
    return Controller(
        name="quotas",
        reconcile=Quotas(client).reconcile,
        watches=[Watch(API, "Quota"), Watch("v1", "ConfigMap", owner="Quota")],
    )


ENTRY = Awkward(
    id="raises-every-conflict",
    about="Each conflict is an error that nobody catches, and comes back when the cache knows better.",
    controller=quotas,
    manifests=(
        definition(
            "Quota",
            {"limit": {"type": "integer"}},
            {"limit": {"type": "integer"}, "observedGeneration": {"type": "integer"}},
        ),
        custom("Quota", "cabin", {"limit": 3}),
        custom("Quota", "crew", {"limit": 5}),
    ),
)
