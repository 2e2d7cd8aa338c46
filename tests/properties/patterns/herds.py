"""A controller that hammers at an API server which is down, and its twin that does not.

Real cases: home-made retry loops around a client call ("try again until it works"), which look patient with one object
and one outage, and keep an API server down with a thousand.
"""

from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, patch
from seatrial import Trial

AGAIN_S = 0.2
MANIFESTS = (
    definition("Site", {"size": {"type": "integer"}}, {"size": {"type": "integer"}}),
    custom("Site", "front", {"size": 1}),
)
TRANSIENT = (0, 429, 500, 502, 503, 504)


class Patient:
    """Leaves the pass with what went wrong: the queue asks again, later each time."""

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


class Stubborn(Patient):
    """Asks again every fifth of a second, within the pass, until it is answered."""

    async def read(self, request: Request) -> dict[str, Any]:
        while True:
            try:
                return await super().read(request)
            except ApiError as error:
                if error.status not in TRANSIENT:
                    raise
                await self.client.sleep(AGAIN_S)


def patient_sites(client: Client) -> Controller:
    return Controller(name="sites", reconcile=Patient(client).reconcile, watches=[Watch(API, "Site")])


def stubborn_sites(client: Client) -> Controller:
    return Controller(name="sites", reconcile=Stubborn(client).reconcile, watches=[Watch(API, "Site")])


def trial_of(controller: Any) -> Trial:
    return Trial([controller], MANIFESTS, workload=[patch("Site", "front", {"size": 2})])
