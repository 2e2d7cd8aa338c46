"""Missing watch: a controller that does not watch what it makes.

The bug: a user deletes the child, and nothing tells its maker. Real case: Kubernetes' EndpointSlice controller did not
watch its own slices, so manual edits and deletions stayed until something else happened.

Weather: a user deletes the child. A restart would cure it.
Caught by: `converges` (the child is missing).
The twin watches the child's kind.
"""

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, sleep


class MakesTheChild:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            site = await self.client.get(API, "Site", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(site):
            return
        try:
            await self.client.create(config_map({"name": request.name}, {"root": site["spec"]["root"]}, site))
        except AlreadyExists:
            return


def wrong(client: Client) -> Controller:
    return Controller(name="site", reconcile=MakesTheChild(client).reconcile, watches=[Watch(API, "Site")])


def fixed(client: Client) -> Controller:
    return Controller(
        name="site",
        reconcile=MakesTheChild(client).reconcile,
        watches=[Watch(API, "Site"), Watch("v1", "ConfigMap", owner="Site")],
    )


ENTRY = Entry(
    id="unwatched-child",
    property="converges",
    faults=("owned_deleted",),
    bug="https://github.com/kubernetes/kubernetes/issues/85353",
    culprit="never creates ConfigMap",
    tags=("missing watch",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Site", {"root": {"type": "string"}}),
        custom("Site", "front", {"root": "/srv/front"}),
        custom("Site", "back", {"root": "/srv/back"}),
    ),
    trial_options={"workload": [sleep(2), sleep(2)]},
)
