"""Uncertain waiting: a rolling restart that evicts its members, and deletes those whose eviction takes too long.

The bug: an eviction asks the disruption budget and is refused while another member is missing; that is what evictions
are for. But whoever was refused for a while is impatient, and sends a plain delete, which asks nobody. If the member
before is slow to come back, both are gone. Real case: GKE's pod migration, which deleted a pod directly when its
eviction had not come through within 30 seconds.

Weather: whatever keeps the replacement from being ready, or the budget from being counted anew, for so long.
Caught by: `evictions_respect_the_budget`.
The twin goes on asking.
"""

from contextlib import suppress
from typing import Any

from reference_impl.errors import AlreadyExists, Conflict, NotFound, TooManyRequests
from reference_impl.runtime import Client, Controller, Part, Request, Result, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import (
    API,
    NAMESPACE,
    custom,
    definition,
    is_controlled_by,
    is_deleting,
    patch,
    reference_to,
    sleep,
)

Json = dict[str, Any]
MEMBERS = 2
AGAIN_S = 1.0
START_S = 0.5
PATIENCE_S = 4.0
READY = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}


class LosesPatience:
    """Keeps the members of a fleet at its version."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.refused_since_s: dict[str, float] = {}
        """By uid of the member."""

    async def reconcile(self, request: Request) -> Result | None:
        try:
            fleet = await self.client.get(API, "Fleet", request.name, request.namespace)
        except NotFound:
            return None
        if is_deleting(fleet):
            return None
        found = await self.client.list("v1", "Pod", request.namespace)
        members = {pod["metadata"]["name"]: pod["metadata"] for pod in found if is_controlled_by(pod, fleet)}
        wanted = [f"{request.name}-{fleet['spec']['version']}-{ordinal}" for ordinal in range(MEMBERS)]
        for name in [name for name in wanted if name not in members][: max(0, MEMBERS - len(members))]:
            with suppress(AlreadyExists):
                await self.client.create(_pod(fleet, name))
        refused = [name for name in sorted(members) if name not in wanted and not await self.evict(members[name])]
        return Result(requeue_after_s=AGAIN_S) if refused else None

    async def evict(self, member: Json) -> bool:
        """True if it is gone, or about to."""
        metadata = {"name": member["name"], "namespace": NAMESPACE}
        options = {"preconditions": {"uid": member["uid"]}}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata, "deleteOptions": options}
        try:
            await self.client.create(eviction, subresource="eviction")
        except TooManyRequests:
            since_s = self.refused_since_s.setdefault(member["uid"], self.client.monotonic_s())
            await self.wait(member, self.client.monotonic_s() - since_s)
            return False
        except (NotFound, Conflict):
            pass  # it is another one by now
        return True

    async def wait(self, member: Json, refused_s: float) -> None:
        if refused_s >= PATIENCE_S:
            with suppress(NotFound, Conflict):
                await self.client.delete("v1", "Pod", member["name"], NAMESPACE, uid=member["uid"])


class GoesOnAsking(LosesPatience):
    async def wait(self, member: Json, refused_s: float) -> None:
        """The budget will allow it when it can."""


class Nurse:
    """Makes pods ready some time after they were made, as a node would."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        with suppress(NotFound, Conflict):
            pod = await self.client.get("v1", "Pod", request.name, request.namespace)
            if (pod.get("status") or {}).get("phase") != "Running":
                await self.client.sleep(START_S)
                await self.client.update_status({**pod, **READY})


def wrong(client: Client) -> list[Part]:
    return _parts(client, LosesPatience(client))


def fixed(client: Client) -> list[Part]:
    return _parts(client, GoesOnAsking(client))


def _parts(client: Client, restarts: LosesPatience) -> list[Part]:
    watches = [Watch(API, "Fleet"), Watch("v1", "Pod", owner="Fleet")]
    return [
        Controller(name="restarts", reconcile=restarts.reconcile, watches=watches),
        Controller(name="nurse", reconcile=Nurse(client).reconcile, watches=[Watch("v1", "Pod")], workers=MEMBERS),
    ]


def _pod(fleet: Json, name: str) -> Json:
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "labels": {"app": "db"},
        "ownerReferences": [reference_to(fleet)],
    }
    spec = {"containers": [{"name": "db", "image": "db:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


_BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "db", "namespace": NAMESPACE},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "db"}}},
}

ENTRY = Entry(
    id="evicts-or-deletes",
    property="evictions_respect_the_budget",
    faults=(
        *CACHE_BEHIND,
        "split_delivery",
        "relist",
        "compaction",
        "throttled",
        "refused",
        "not_ready",
        "server_error",
        "reply_lost",
        "late_commit",
        "crash",
        "pause",
        "clock_skew",
        "clock_drift",
        "admission_denied",
        "permission_revoked",
        "quota_exceeded",
        "owned_deleted",
    ),
    bug="https://github.com/gke-labs/pod-migration/issues/17",
    tags=("missing requeue",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Fleet", {"version": {"type": "integer"}}),
        _BUDGET,
        custom("Fleet", "fleet", {"version": 1}),
    ),
    trial_options={
        "workload": [patch("Fleet", "fleet", {"version": 2}), sleep(20)],
        "built_ins": ("disruption",),
        "properties": ("evictions_respect_the_budget", "converges", "idempotent", "no_panic"),
    },
)
