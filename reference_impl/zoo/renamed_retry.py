"""Reply lost: a certificate issuer that answers a timeout with a second create, under a new name.

The bug: a request that timed out may have committed all the same. The next one has another generated name, so nothing
stops it, and there are two. Real case: cert-manager's create timed out, was retried with a higher revision, both
succeeded later, and renewal deadlocked.

Weather: a reply that is lost after the commit, or a create that commits after its sender gave up or died
(`late_commit`, or a request that is merely late).
Caught by: `converges` (two requests where fair weather has one).
The twin tries again under the same name, and takes AlreadyExists for success. (Both hand the key back in the end: to
give up for good after three answers of "bad gateway" was a second bug, which 1,050 examples of the twin found.)
"""

from typing import Any

from reference_impl.errors import AlreadyExists, ConnectionLost, InternalError, NotFound, Timeout
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

Json = dict[str, Any]
ATTEMPTS = 3
PAUSE_S = 1.0


class NewNameEachTime:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            certificate = await self.client.live.get(API, "Certificate", request.name, request.namespace)
        except NotFound:
            return
        listed = await self.client.live.list("v1", "ConfigMap", request.namespace)
        if is_deleting(certificate) or any(is_controlled_by(item, certificate) for item in listed["items"]):
            return
        for _ in range(ATTEMPTS):
            try:
                await self.client.create(config_map(self.metadata(request), {"csr": "..."}, certificate))
                return
            except AlreadyExists:
                return
            except (Timeout, ConnectionLost, InternalError):
                await self.client.sleep(PAUSE_S)
        raise Retry(reason="the API server does not take it")

    def metadata(self, request: Request) -> Json:
        return {"generateName": f"{request.name}-"}


class SameName(NewNameEachTime):
    def metadata(self, request: Request) -> Json:
        return {"name": f"{request.name}-1"}


def wrong(client: Client) -> Controller:
    return _controller(NewNameEachTime(client))


def fixed(client: Client) -> Controller:
    return _controller(SameName(client))


def _controller(reconciler: NewNameEachTime) -> Controller:
    return Controller(
        name="issuer",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Certificate"), Watch("v1", "ConfigMap", owner="Certificate")],
    )


ENTRY = Entry(
    id="renamed-retry",
    property="converges",
    faults=("reply_lost", "late_commit", "latency"),
    bug="https://github.com/cert-manager/cert-manager/issues/6837",
    tags=("ambiguous commit", "ambiguous commit", "names"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Certificate", {"host": {"type": "string"}}),
        custom("Certificate", "shop", {"host": "shop.example.com"}),
    ),
    trial_options={"workload": []},
)
