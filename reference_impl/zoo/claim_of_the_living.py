"""Time travel: a ring operator that deletes the claim of a member because an earlier member of that name was leaving.

The bug: a member that is on its way out takes its claim along. But the picture that shows it leaving may be an old one:
by now a new member has its name, mounts a claim of the same name, and has its data there. The claim is looked up live
and deleted by uid, which helps nothing, since nobody asks whether the *member* is still the one that was leaving. Real
case: instaclustr's Cassandra operator, found by Sieve (OSDI'22).

Weather: a restart onto a server that lags; events of members that come late, while those of claims get through.
Caught by: `claims_of_live_pods_are_kept`. The claim is made anew, empty, so the end state is right.
The twin looks at the member once more, live: same uid, and leaving.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import (
    API,
    NAMESPACE,
    custom,
    definition,
    is_controlled_by,
    is_deleting,
    reference_to,
    sleep,
)

Json = dict[str, Any]
DRAINED = "zoo.seatrial.dev/drained"
RING = "ring"
"""The label by which a claim belongs to a ring. Unowned on purpose: data outlives its ring."""
DRAIN_S = 0.4


class TrustsItsPicture:
    """Members are pods, named by ordinal, with a claim each; a finalizer lets the operator drain them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            ring = await self.client.get(API, "Ring", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(ring):
            return
        wanted = [f"{request.name}-{ordinal}" for ordinal in range(ring["spec"]["size"])]
        for name in wanted:
            await self._create(_claim(name, ring))
            await self._create(_pod(name, ring))
        for member in await self.client.list("v1", "Pod", request.namespace):
            if is_controlled_by(member, ring):
                if is_deleting(member):
                    await self.drain(member)
                elif member["metadata"]["name"] not in wanted:
                    await self._delete("Pod", member)

    async def drain(self, member: Json) -> None:
        """First the data goes, then the member."""
        metadata = member["metadata"]
        await self.client.sleep(DRAIN_S)
        if not await self.is_leaving(member):
            return
        try:
            claim = await self.client.live.get("v1", "PersistentVolumeClaim", f"data-{metadata['name']}", NAMESPACE)
            await self._delete("PersistentVolumeClaim", claim)
        except NotFound:
            pass
        try:
            body = {"metadata": {"finalizers": None, "uid": metadata["uid"]}}
            await self.client.patch("v1", "Pod", metadata["name"], NAMESPACE, body=body)
        except (NotFound, Conflict):
            return

    async def is_leaving(self, member: Json) -> bool:
        return True

    async def _create(self, obj: Json) -> None:
        try:
            await self.client.create(obj)
        except AlreadyExists:
            return

    async def _delete(self, kind: str, obj: Json) -> None:
        try:
            await self.client.delete("v1", kind, obj["metadata"]["name"], NAMESPACE, uid=obj["metadata"]["uid"])
        except (NotFound, Conflict):
            return


class LooksAtTheMember(TrustsItsPicture):
    async def is_leaving(self, member: Json) -> bool:
        metadata = member["metadata"]
        try:
            fresh = await self.client.live.get("v1", "Pod", metadata["name"], NAMESPACE)
        except NotFound:
            return False
        return fresh["metadata"]["uid"] == metadata["uid"] and is_deleting(fresh)


def wrong(client: Client) -> Controller:
    return _controller(TrustsItsPicture(client))


def fixed(client: Client) -> Controller:
    return _controller(LooksAtTheMember(client))


def _controller(ring: TrustsItsPicture) -> Controller:
    return Controller(
        name="ring",
        reconcile=ring.reconcile,
        watches=[
            Watch(API, "Ring"),
            Watch("v1", "Pod", owner="Ring"),
            Watch("v1", "PersistentVolumeClaim", map=_ring_of),
        ],
    )


def _ring_of(claim: Json) -> list[Request]:
    ring = (claim["metadata"].get("labels") or {}).get(RING)
    return [Request(NAMESPACE, ring)] if ring else []


def _claim(member: str, ring: Json) -> Json:
    metadata = {"name": f"data-{member}", "namespace": NAMESPACE, "labels": {RING: ring["metadata"]["name"]}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def _pod(name: str, ring: Json) -> Json:
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "finalizers": [DRAINED],
        "ownerReferences": [reference_to(ring)],
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": f"data-{name}"}}
    spec = {"containers": [{"name": "db", "image": "db:1"}], "volumes": [volume]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


_RESTART = {"do": "delete", "api_version": "v1", "kind": "Pod", "name": "ring-0"}

ENTRY = Entry(
    id="claim-of-the-living",
    property="claims_of_live_pods_are_kept",
    faults=(*CACHE_BEHIND, "relist", "compaction"),
    bug="https://github.com/instaclustr/cassandra-operator/issues/407",
    tags=("time travel", "stale read", "uid confusion"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Ring", {"size": {"type": "integer", "minimum": 0}}), custom("Ring", "ring", {"size": 1})),
    trial_options={
        "workload": [_RESTART, sleep(30)],
        "built_ins": "none",
    },
)
