"""Missing back-off: a controller that asks again at a fixed interval, within its pass, until it is answered.

The bug: a home-made retry loop around a client call ("try again until it works"). It looks patient with one object and
a short outage; with a thousand objects it keeps down the API server that is down. Real case: Kubernetes' own
AvailableConditionController asked an API service that it could not reach some 80 times a second.

Weather: what makes an outage in which nothing is answered and nothing is heard for longer than ten seconds.
Caught by: `retries_back_off` (an opt-in property, promised by the pattern `defensive-programming`).
The twin leaves the pass with what went wrong: the queue asks again, later each time.
"""

from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, patch

AGAIN_S = 0.2
TRANSIENT = (0, 429, 500, 502, 503, 504)


class LeavesItToTheQueue:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            site = await self.read(request)
            size = {"size": site["spec"]["size"]}
            if not is_deleting(site) and site.get("status") != size:
                await self.client.update_status({**site, "status": size})
        except NotFound:
            return
        except ApiError as error:
            raise Retry(reason=str(error)) from error

    async def read(self, request: Request) -> dict[str, Any]:
        return await self.client.live.get(API, "Site", request.name, request.namespace)


class AsksUntilItIsAnswered(LeavesItToTheQueue):
    async def read(self, request: Request) -> dict[str, Any]:
        while True:
            try:
                return await super().read(request)
            except ApiError as error:
                if error.status not in TRANSIENT:
                    raise
                await self.client.sleep(AGAIN_S)


def wrong(client: Client) -> Controller:
    return _controller(AsksUntilItIsAnswered(client))


def fixed(client: Client) -> Controller:
    return _controller(LeavesItToTheQueue(client))


def _controller(reconciler: LeavesItToTheQueue) -> Controller:
    return Controller(name="sites", reconcile=reconciler.reconcile, watches=[Watch(API, "Site")])


ENTRY = Entry(
    id="asks-without-end",
    property="retries_back_off",
    faults=("partition", "apiserver_crash"),
    bug="https://github.com/kubernetes/kubernetes/issues/70287",
    tags=("hot loop",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Site", {"size": {"type": "integer"}}, {"size": {"type": "integer"}}),
        custom("Site", "front", {"size": 1}),
    ),
    trial_options={
        "workload": [patch("Site", "front", {"size": 2})],
        "properties": ("retries_back_off", "converges", "no_panic"),
    },
)
