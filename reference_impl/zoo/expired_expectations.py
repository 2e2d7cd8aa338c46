"""Stale read: a ReplicaSet controller whose expectations expire, and are then taken for fulfilled.

The bug: after a create the controller waits until its cache shows the new pods; that is right. But it waits for so long
only, and then believes that they are there, while the watch is still behind: it counts too few, and creates as many
again. Real case: Kubernetes' ReplicaSet controller, where expectations expire after five minutes.

Weather: whatever keeps pod events from the controller for longer than that while its creates get through.
Caught by: `creates_stay_within_what_the_writer_could_know`. The surplus is deleted again, so the end state is right.
The twin no longer trusts its cache when time is up: it counts live, and waits until the cache shows
those, too.
"""

from dataclasses import dataclass
from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import is_controlled_by, is_deleting, reference_to
from reference_impl.zoo.replicas_from_cache import REPLICA_SET

Json = dict[str, Any]
EXPIRES_S = 10.0
"""Five minutes in Kubernetes, which would be longer than most of our weather lasts."""
UNKNOWN = ""
"""Stands for the uid of a pod whose create was not answered: never seen, so only time ends the wait for it."""


@dataclass
class Expectation:
    """Pods that the cache has to show before it can be trusted."""

    until_s: float
    uids: list[str]

    def is_fulfilled(self, pods: list[Json]) -> bool:
        seen = {pod["metadata"]["uid"] for pod in pods}
        return all(uid in seen for uid in self.uids)


class TakesExpiredForFulfilled:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.expectations: dict[str, Expectation] = {}

    async def reconcile(self, request: Request) -> Result | None:
        try:
            owner = await self.client.get("apps/v1", "ReplicaSet", request.name, request.namespace)
        except NotFound:
            return None
        if is_deleting(owner):
            return None
        pods = _active(await self.client.list("v1", "Pod", request.namespace), owner)
        awaited: list[str] = []
        expected = self.expectations.get(owner["metadata"]["uid"])
        if expected is not None and not expected.is_fulfilled(pods):
            left_s = expected.until_s - self.client.monotonic_s()
            if left_s > 0:
                return Result(requeue_after_s=left_s)
            pods, awaited = await self.when_expired(owner, pods)
        return await self._manage(owner, pods, awaited)

    async def when_expired(self, owner: Json, pods: list[Json]) -> tuple[list[Json], list[str]]:
        """The pods to count, and the uids to wait for."""
        return pods, []

    async def _manage(self, owner: Json, pods: list[Json], awaited: list[str]) -> Result | None:
        wanted = owner["spec"]["replicas"]
        for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))[wanted:]:
            metadata = pod["metadata"]
            await self.client.delete("v1", "Pod", metadata["name"], metadata["namespace"], uid=metadata["uid"])
        self.expectations[owner["metadata"]["uid"]] = Expectation(self.client.monotonic_s() + EXPIRES_S, awaited)
        try:
            for _ in range(wanted - len(pods)):
                awaited.append(UNKNOWN)
                made = await self.client.create(_pod(owner))
                awaited[-1] = made["metadata"]["uid"]
        except ApiError:
            pass  # The rest when the wait is over: nobody knows what became of this one.
        return Result(requeue_after_s=EXPIRES_S) if awaited else None


class CountsLiveWhenExpired(TakesExpiredForFulfilled):
    async def when_expired(self, owner: Json, pods: list[Json]) -> tuple[list[Json], list[str]]:
        body = await self.client.live.list("v1", "Pod", owner["metadata"]["namespace"])
        pods = _active(body["items"], owner)
        return pods, [pod["metadata"]["uid"] for pod in pods]


def wrong(client: Client) -> Controller:
    return _controller(TakesExpiredForFulfilled(client))


def fixed(client: Client) -> Controller:
    return _controller(CountsLiveWhenExpired(client))


def _controller(reconciler: TakesExpiredForFulfilled) -> Controller:
    return Controller(
        name="replicas",
        reconcile=reconciler.reconcile,
        watches=[Watch("apps/v1", "ReplicaSet"), Watch("v1", "Pod", owner="ReplicaSet")],
    )


def _active(pods: list[Json], owner: Json) -> list[Json]:
    return [pod for pod in pods if is_controlled_by(pod, owner) and not is_deleting(pod)]


def _pod(owner: Json) -> Json:
    template = owner["spec"]["template"]
    metadata = {
        "generateName": f"{owner['metadata']['name']}-",
        "namespace": owner["metadata"]["namespace"],
        "labels": template["metadata"]["labels"],
        "ownerReferences": [reference_to(owner)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


ENTRY = Entry(
    id="expired-expectations",
    property="creates_stay_within_what_the_writer_could_know",
    faults=(*CACHE_BEHIND, "pause"),
    bug="https://github.com/kubernetes/kubernetes/issues/129795",
    tags=("stale read",),
    wrong=wrong,
    fixed=fixed,
    manifests=(REPLICA_SET,),
    trial_options={"workload": [], "built_ins": ("garbage-collector", "namespace")},
)
