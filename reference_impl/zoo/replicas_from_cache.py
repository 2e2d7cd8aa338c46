"""Stale read: a ReplicaSet controller that counts its pods in the cache and keeps no expectations.

The bug: after a create, the cache does not show the new pod yet. Whoever counts there and is woken in between (by the
event of the pod before it, say) creates one more. Real case: KubeRay counted worker pods in a stale informer, created
duplicates, then deleted pods at random.

Weather: whatever keeps pod events from the controller while its creates get through.
Caught by: `creates_stay_within_what_the_writer_could_know`. The surplus is deleted again, so the end state is right.
The twin counts live before it decides.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import NAMESPACE, is_controlled_by, is_deleting, reference_to

Json = dict[str, Any]


class CountsInCache:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            owner = await self.client.get("apps/v1", "ReplicaSet", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(owner):
            return
        pods = [pod for pod in await self.pods(owner) if is_controlled_by(pod, owner) and not is_deleting(pod)]
        wanted = owner["spec"]["replicas"]
        for _ in range(wanted - len(pods)):
            await self.client.create(_pod(owner))
        for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))[wanted:]:
            metadata = pod["metadata"]
            await self.client.delete("v1", "Pod", metadata["name"], metadata["namespace"], uid=metadata["uid"])

    async def pods(self, owner: Json) -> list[Json]:
        return await self.client.list("v1", "Pod", owner["metadata"]["namespace"])


class CountsLive(CountsInCache):
    async def pods(self, owner: Json) -> list[Json]:
        body = await self.client.live.list("v1", "Pod", owner["metadata"]["namespace"])
        items: list[Json] = body["items"]
        return items


def wrong(client: Client) -> Controller:
    return _controller(CountsInCache(client))


def fixed(client: Client) -> Controller:
    return _controller(CountsLive(client))


def _controller(reconciler: CountsInCache) -> Controller:
    return Controller(
        name="replicas",
        reconcile=reconciler.reconcile,
        watches=[Watch("apps/v1", "ReplicaSet"), Watch("v1", "Pod", owner="ReplicaSet")],
    )


def _pod(owner: Json) -> Json:
    template = owner["spec"]["template"]
    metadata = {
        "generateName": f"{owner['metadata']['name']}-",
        "namespace": owner["metadata"]["namespace"],
        "labels": template["metadata"]["labels"],
        "ownerReferences": [reference_to(owner)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


REPLICA_SET = {
    "apiVersion": "apps/v1",
    "kind": "ReplicaSet",
    "metadata": {"name": "front", "namespace": NAMESPACE},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "front"}},
        "template": {
            "metadata": {"labels": {"app": "front"}},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        },
    },
}

ENTRY = Entry(
    id="replicas-from-cache",
    property="creates_stay_within_what_the_writer_could_know",
    faults=(*CACHE_BEHIND, "crash", "late_commit", "owned_deleted"),
    bug="https://github.com/ray-project/kuberay/issues/715",
    culprit="create Pod",
    tags=("stale read",),
    wrong=wrong,
    fixed=fixed,
    manifests=(REPLICA_SET,),
    trial_options={"workload": [], "built_ins": ("garbage-collector", "namespace")},
)
