"""Generation: a controller that reports the newest generation, whichever it has acted on.

The bug: the status is written onto a fresh copy of the object, so that the update does not conflict, and
`observedGeneration` is taken from that copy. If the spec has changed since the pass began, the change is reported as
done; the next pass compares two numbers, finds nothing to do, and nobody looks again. Real case: mobula recorded the
wanted generation as the observed one, and each pass after that was a no-op; m3db-operator#271 is of the same family.

Weather: whatever takes time between the two reads while a user changes the spec; an update that commits late.
Caught by: `converges` (what was made is of the old spec, though the status says otherwise).
The twin reports the generation that it has acted on, and takes no status for a proof that nothing is left to do.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, patch, sleep

Json = dict[str, Any]


class ReportsTheNewest:
    """Keeps a ConfigMap (unowned: it outlives its site) like the spec. Reads are live, writes conditional."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        site = await self._site(request)
        if site is None or is_deleting(site) or self.is_done(site):
            return
        await self._make(request, {"theme": site["spec"]["theme"]})
        fresh = await self._site(request)
        if fresh is not None and fresh["metadata"]["uid"] == site["metadata"]["uid"]:
            await self.client.update_status({**fresh, "status": {"observedGeneration": self.generation(site, fresh)}})

    def is_done(self, site: Json) -> bool:
        observed: int | None = (site.get("status") or {}).get("observedGeneration")
        return observed is not None and observed == int(site["metadata"]["generation"])

    def generation(self, site: Json, fresh: Json) -> int:
        return int(fresh["metadata"]["generation"])

    async def _site(self, request: Request) -> Json | None:
        try:
            return await self.client.live.get(API, "Site", request.name, request.namespace)
        except NotFound:
            return None

    async def _make(self, request: Request, data: dict[str, str]) -> None:
        try:
            await self.client.create(config_map({"name": request.name}, data))
        except AlreadyExists:
            made = await self.client.live.get("v1", "ConfigMap", request.name, request.namespace)
            if made["data"] != data:
                await self.client.update({**made, "data": data})


class ReportsWhatItDid(ReportsTheNewest):
    def is_done(self, site: Json) -> bool:
        return False

    def generation(self, site: Json, fresh: Json) -> int:
        return int(site["metadata"]["generation"])


def wrong(client: Client) -> Controller:
    return _controller(ReportsTheNewest(client))


def fixed(client: Client) -> Controller:
    return _controller(ReportsWhatItDid(client))


def _controller(reconciler: ReportsTheNewest) -> Controller:
    themes = Watch(
        "v1", "ConfigMap", map=lambda made: [Request(made["metadata"]["namespace"], made["metadata"]["name"])]
    )
    return Controller(name="site", reconcile=reconciler.reconcile, watches=[Watch(API, "Site"), themes])


ENTRY = Entry(
    id="caught-up-on-paper",
    property="converges",
    faults=("latency", "partition", "pause", "late_commit"),
    bug="https://github.com/brandonrc/mobula/issues/40",
    tags=("generation",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Site", {"theme": {"type": "string"}}, {"observedGeneration": {"type": "integer"}}),
        custom("Site", "front", {"theme": "light"}),
    ),
    trial_options={
        "workload": [sleep(1), patch("Site", "front", {"theme": "dark"})],
        "built_ins": "none",
    },
)
