"""Leader hand-over: two copies of a publisher, of which the one with the lease works.

Looks wrong: for a quarter of a minute after a leader has died nobody does anything, and the next one begins by going
through all that is done already. Is not: that is what a lease costs, and what level-triggered work allows.
"""

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

AGAIN_S = 1.0


class Publisher:
    """Publishes each setting as a ConfigMap."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            setting = await self.client.get(API, "Setting", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(setting):
            return
        data = {"value": str(setting["spec"]["value"])}
        try:
            found = await self.client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            await self.client.create(config_map({"name": request.name}, data, setting))
            return
        if is_deleting(found) or not is_controlled_by(found, setting):
            raise Retry(AGAIN_S, reason="an older one is still there")
        if found.get("data") != data:
            await self.client.update({**found, "data": data})


def publisher(client: Client) -> Controller:
    return Controller(
        name="publisher",
        reconcile=Publisher(client).reconcile,
        watches=[Watch(API, "Setting"), Watch("v1", "ConfigMap", owner="Setting")],
        leader_election="publisher",
    )


ENTRY = Awkward(
    id="elected-publisher",
    about="Nobody works for a quarter of a minute after a leader has died, because that is how long its lease lasts.",
    controller=publisher,
    manifests=(
        definition("Setting", {"value": {"type": "integer"}}),
        custom("Setting", "colour", {"value": 7}),
    ),
    trial_options={"instances": 2},
)
