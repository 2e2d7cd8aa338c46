"""Names: a rollout controller whose revisions have one of sixteen names.

The bug: the name of a revision is a hash of its template, and the hash is short. If it meets an older revision of the
same name, "already exists" is all that it will ever hear: the old one would go when the new one is there. Real case:
kubernetes#29735, where two pod templates had one hash and the Deployment was stuck; today's has a collision counter.

Weather: whatever lets the controller sleep through the revision between the two. In fair weather the older one is gone
by the time that its name is wanted again.
Caught by: `converges` (the old revision is still the one that runs).
The twin's hash is long enough.
"""

from hashlib import sha256
from typing import Any

from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import (
    API,
    NAMESPACE,
    config_map,
    custom,
    definition,
    is_controlled_by,
    is_deleting,
)

Json = dict[str, Any]
AGAIN_S = 10.0


class OneOfSixteen:
    digits = 1
    """Of the hash, in hexadecimal."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            rollout = await self.client.live.get(API, "Rollout", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(rollout):
            return
        image = rollout["spec"]["image"]
        name = f"{request.name}-{sha256(image.encode()).hexdigest()[: self.digits]}"
        try:
            await self.client.create(config_map({"name": name}, {"image": image}, rollout))
        except AlreadyExists:
            if (await self.client.live.get("v1", "ConfigMap", name, request.namespace))["data"]["image"] != image:
                raise Retry(AGAIN_S, reason=f"{name} already exists") from None
        await self._retire(rollout, name)

    async def _retire(self, rollout: Json, kept: str) -> None:
        """All revisions but this one."""
        for revision in await self.client.list("v1", "ConfigMap", rollout["metadata"]["namespace"]):
            metadata = revision["metadata"]
            if metadata["name"] != kept and is_controlled_by(revision, rollout) and not is_deleting(revision):
                name, namespace, uid = (metadata[part] for part in ("name", "namespace", "uid"))
                try:
                    await self.client.delete("v1", "ConfigMap", name, namespace, uid=uid)
                except (Conflict, NotFound):
                    continue


class OneOfMany(OneOfSixteen):
    digits = 16


def wrong(client: Client) -> Controller:
    return _controller(OneOfSixteen(client))


def fixed(client: Client) -> Controller:
    return _controller(OneOfMany(client))


def _controller(reconciler: OneOfSixteen) -> Controller:
    return Controller(
        name="rollout",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Rollout"), Watch("v1", "ConfigMap", owner="Rollout")],
    )


async def workload(user: Client) -> None:
    """A program, because the pauses matter. The hashes of 1 and 7 begin with the same digit."""
    await user.create(custom("Rollout", "shop", {"image": "shop:1"}))
    for number in (2, 7):
        await user.sleep(3.0)
        await user.patch(API, "Rollout", "shop", NAMESPACE, body={"spec": {"image": f"shop:{number}"}})


ENTRY = Entry(
    id="one-of-sixteen-names",
    property="converges",
    faults=(
        *CACHE_BEHIND,
        "split_delivery",
        "compaction",
        "throttled",
        "refused",
        "not_ready",
        "server_error",
        "permission_revoked",
        "admission_denied",
        "quota_exceeded",
        "reply_lost",
        "late_commit",
        "crash",
        "pause",
    ),
    bug="https://github.com/kubernetes/kubernetes/issues/29735",
    tags=("names", "unobserved state"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Rollout", {"image": {"type": "string"}}),),
    trial_options={"workload": workload, "built_ins": "none"},
)
