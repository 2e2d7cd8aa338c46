"""Wide fan-out: one object with ten children, made, changed and deleted in bursts.

Looks wrong: ten creates in a row, and ten events that each wake the same key. Is not: the queue takes what comes in the
meantime for one, and each pass looks at all children before it touches any.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

Json = dict[str, Any]

BOATS_MOST = 10
AGAIN_S = 1.0


class Fleets:
    """So many ConfigMaps "NAME-0", "NAME-1", ... for each fleet."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            # Live: what an old spec does not ask for is not to be deleted on its word.
            fleet = await self.client.live.get(API, "Fleet", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(fleet):
            return
        listed = await self.client.list("v1", "ConfigMap", request.namespace)
        found = {item["metadata"]["name"]: item for item in listed if is_controlled_by(item, fleet)}
        data = {"flag": fleet["spec"]["flag"]}
        wanted = [f"{request.name}-{number}" for number in range(fleet["spec"]["boats"])]
        for name in wanted:
            boat = found.get(name)
            if boat is None:
                await self.client.create(config_map({"name": name}, data, fleet))
            elif boat.get("data") != data and not is_deleting(boat):
                await self.client.update({**boat, "data": data})
        for name in sorted(found.keys() - set(wanted)):
            if not is_deleting(found[name]):
                uid = found[name]["metadata"]["uid"]
                await self.client.delete("v1", "ConfigMap", name, request.namespace, uid=uid)
        if any(name in found and is_deleting(found[name]) for name in wanted):
            raise Retry(AGAIN_S, reason="a boat is on its way out")


def fleets(client: Client) -> Controller:
    return Controller(
        name="fleets",
        reconcile=Fleets(client).reconcile,
        watches=[Watch(API, "Fleet"), Watch("v1", "ConfigMap", owner="Fleet")],
    )


ENTRY = Awkward(
    id="wide-fleet",
    about="One change makes ten writes, and they wake the same key ten times, which the queue takes for once or twice.",
    controller=fleets,
    manifests=(
        definition(
            "Fleet",
            {"boats": {"type": "integer", "minimum": 0, "maximum": BOATS_MOST}, "flag": {"type": "string"}},
        ),
        custom("Fleet", "north", {"boats": BOATS_MOST, "flag": "blue"}),
    ),
)
