"""Generation: a controller that reports a generation only if it had something to do for it.

The bug: what is there already needs no work, and where no work was done the status is not written. A pass that made
the change, and died or failed before it could say so, is followed by one that finds the change made: the status
lags behind for ever, and whoever waits for it waits for ever. Real case: cass-operator, where a change of the spec that
needed no change of the StatefulSet was never observed.

Weather: a crash between the two writes, or a status that cannot be written.
Caught by: `observed_generation_catches_up`.
The twin asks of the status by itself whether it is right.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, patch

Json = dict[str, Any]


class SaysWhatItDid:
    """Keeps a ConfigMap (unowned: it outlives its site) like the spec."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            site = await self.client.get(API, "Site", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(site):
            return
        did = await self.bring_about(request, {"theme": site["spec"]["theme"]})
        if self.has_news(site, did):
            metadata, status = site["metadata"], {"observedGeneration": site["metadata"]["generation"]}
            body = {"metadata": {"uid": metadata["uid"]}, "status": status}
            await self.client.patch(API, "Site", request.name, request.namespace, body=body, subresource="status")

    async def bring_about(self, request: Request, data: dict[str, str]) -> bool:
        """True if anything had to be done."""
        try:
            await self.client.create(config_map({"name": request.name}, data))
            return True
        except AlreadyExists:
            made = await self.client.live.get("v1", "ConfigMap", request.name, request.namespace)
        if made["data"] == data:
            return False
        await self.client.update({**made, "data": data})
        return True

    def has_news(self, site: Json, did: bool) -> bool:
        return did


class ComparesTheStatus(SaysWhatItDid):
    def has_news(self, site: Json, did: bool) -> bool:
        observed: int | None = (site.get("status") or {}).get("observedGeneration")
        return bool(observed != site["metadata"]["generation"])


def wrong(client: Client) -> Controller:
    return _controller(SaysWhatItDid(client))


def fixed(client: Client) -> Controller:
    return _controller(ComparesTheStatus(client))


def _controller(reconciler: SaysWhatItDid) -> Controller:
    return Controller(name="sites", reconcile=reconciler.reconcile, watches=[Watch(API, "Site")])


ENTRY = Entry(
    id="nothing-left-to-say",
    property="observed_generation_catches_up",
    faults=(
        "crash",
        "late_commit",
        "time_travel",
        "throttled",
        "refused",
        "not_ready",
        "server_error",
        "reply_lost",
        "admission_denied",
        "permission_revoked",
        "quota_exceeded",
        "apiserver_crash",
        "partition",
    ),
    bug="https://github.com/k8ssandra/cass-operator/issues/657",
    tags=("generation", "crash between two writes"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Site", {"theme": {"type": "string"}}, {"observedGeneration": {"type": "integer"}}),
        custom("Site", "home", {"theme": "light"}),
    ),
    trial_options={"workload": [patch("Site", "home", {"theme": "dark"})], "built_ins": "none"},
)
