"""Crash between two writes: an operator that makes its second Secret only if the first one is missing.

The bug: "if the first is there, all is there". A crash after the first create makes that false for ever: the cluster
falls back to unencrypted connections and says nothing. Real case: Percona's MongoDB operator and its internal TLS
secret, found by Sieve (OSDI'22).

Weather: a crash between the creates. Requests that merely fail are tried again on the spot.
Caught by: `converges` (a Secret is missing).
The twin asks for each Secret on its own.
"""

from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, custom, definition, is_deleting

PARTS = ("ca", "tls", "tls-internal")
RETRY_S = 1.0


class LooksAtTheFirst:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            cluster = await self.client.get(API, "Cluster", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(cluster):
            return
        missing = await self.missing(request.name)
        for part in missing:
            await self._create(f"{request.name}-{part}")

    async def missing(self, cluster: str) -> tuple[str, ...]:
        return () if await self._exists(f"{cluster}-{PARTS[0]}") else PARTS

    async def _exists(self, name: str) -> bool:
        try:
            await self.client.get("v1", "Secret", name, NAMESPACE)
        except NotFound:
            return False
        return True

    async def _create(self, name: str) -> None:
        """Until it is there. Unowned on purpose: the keys outlive the cluster."""
        metadata = {"name": name, "namespace": NAMESPACE}
        while True:
            try:
                await self.client.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
                return
            except AlreadyExists:
                return
            except ApiError:
                await self.client.sleep(RETRY_S)


class LooksAtEach(LooksAtTheFirst):
    async def missing(self, cluster: str) -> tuple[str, ...]:
        return tuple([part for part in PARTS if not await self._exists(f"{cluster}-{part}")])


def wrong(client: Client) -> Controller:
    return _controller(LooksAtTheFirst(client))


def fixed(client: Client) -> Controller:
    return _controller(LooksAtEach(client))


def _controller(reconciler: LooksAtTheFirst) -> Controller:
    return Controller(name="cluster", reconcile=reconciler.reconcile, watches=[Watch(API, "Cluster")])


ENTRY = Entry(
    id="second-secret",
    property="converges",
    faults=("crash", "late_commit", "time_travel"),
    bug="https://jira.percona.com/browse/K8SPSMDB-578",
    culprit="never creates Secret",
    tags=("crash between two writes",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Cluster", {"size": {"type": "integer"}}),
        custom("Cluster", "mongo", {"size": 3}),
    ),
    trial_options={"workload": []},
)
