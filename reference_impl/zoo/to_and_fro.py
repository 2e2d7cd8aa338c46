"""To and fro: two copies of an operator, and one of them is behind.

The bug: nobody is elected, and each copy corrects what does not look right to it. While one has not heard yet of the
new route, it takes back what the other has written, at once, and the other does the same; so it goes until the event
has come. The end is right, and until then the traffic goes here and there. Real case: the ingress controllers of a
federation, each fighting for its own backends on the one load balancer that they share (kubernetes#36327).

Weather: whatever keeps the event of the route from one of the two.
Caught by: `no_alternation`. At rest all is well, and nothing is left to see.
The twin looks live whether the route is still what it thinks before it corrects anybody.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, patch, sleep

Json = dict[str, Any]
ROUTES = ("front", "side", "back", "roof")
"""One that changes once is enough for the bug; several make it likely that the weather meets one."""


class CorrectsAtSight:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            route = await self.client.get(API, "Route", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(route):
            return
        data = {"backend": route["spec"]["backend"]}
        try:
            table = await self.client.get("v1", "ConfigMap", f"{request.name}-table", request.namespace)
        except NotFound:
            await self._create(route, data)
            return
        if table.get("data") != data and await self.is_current(route):
            await self.client.update({**table, "data": data})

    async def is_current(self, route: Json) -> bool:
        return True

    async def _create(self, route: Json, data: dict[str, str]) -> None:
        try:
            await self.client.create(config_map({"name": f"{route['metadata']['name']}-table"}, data, route))
        except AlreadyExists:
            return


class LooksFirst(CorrectsAtSight):
    async def is_current(self, route: Json) -> bool:
        metadata = route["metadata"]
        try:
            live = await self.client.live.get(API, "Route", metadata["name"], metadata["namespace"])
        except NotFound:
            return False
        return bool(live["metadata"]["uid"] == metadata["uid"] and live["spec"] == route["spec"])


def wrong(client: Client) -> Controller:
    return _controller(CorrectsAtSight(client))


def fixed(client: Client) -> Controller:
    return _controller(LooksFirst(client))


def _controller(reconciler: CorrectsAtSight) -> Controller:
    return Controller(
        name="routes",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Route"), Watch("v1", "ConfigMap", owner="Route")],
    )


ENTRY = Entry(
    id="to-and-fro",
    property="no_alternation",
    faults=(*CACHE_BEHIND, "split_delivery", "relist", "compaction", "pause"),
    bug="https://github.com/kubernetes/kubernetes/issues/36327",
    culprit="update ConfigMap",
    tags=("stale read", "leader overlap"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Route", {"backend": {"type": "string"}}),
        *(custom("Route", name, {"backend": "blue"}) for name in ROUTES),
    ),
    trial_options={
        "workload": [*(patch("Route", name, {"backend": "green"}) for name in ROUTES), sleep(5)],
        "built_ins": ("garbage-collector",),
        "instances": 2,
    },
)
