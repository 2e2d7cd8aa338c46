"""Stale list: a demolition that takes the guard away while the last pods are still at work.

The bug: a shop is pulled down behind a finalizer, pods first, the NetworkPolicy around them last. "No more pods" is
read from a cache that does not show the newest one yet, or has fallen into the past, so the policy goes while a pod
still runs, open to everybody. Real case: the order in which a namespace was emptied was left to chance, and network
policies went before the pods that they protected (CVE-2024-7598).

Weather: whatever keeps the pod from the controller's cache.
Caught by: `teardown_keeps_its_order`.
The twin lists the pods live.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import (
    API,
    NAMESPACE,
    create,
    custom,
    definition,
    delete,
    is_deleting,
    reference_to,
)

Json = dict[str, Any]
FINALIZER = "zoo.seatrial.dev/demolition"
POLICY = ("networking.k8s.io/v1", "NetworkPolicy")
AGAIN_S = 5.0


class ListsFromItsCache:
    """Puts a guard around the pods of a Shop, which others make and label, and pulls all of it down with the Shop."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            # Live: a shop of the past must not be pulled down, nor one that is gone be guarded.
            shop = await self.client.live.get(API, "Shop", request.name, request.namespace)
            if is_deleting(shop):
                return await self.pull_down(shop) if _finalizers(shop) else None
            if FINALIZER not in _finalizers(shop):
                shop["metadata"]["finalizers"] = [*_finalizers(shop), FINALIZER]
                shop = await self.client.update(shop)
            await self.client.create(_guard(shop))
        except (AlreadyExists, NotFound):
            pass
        return None

    async def pull_down(self, shop: Json) -> Result | None:
        pods = [pod for pod in await self.pods() if _belongs(pod, shop)]
        for pod in pods:
            metadata = pod["metadata"]
            try:
                await self.client.delete("v1", "Pod", metadata["name"], NAMESPACE, uid=metadata["uid"])
            except (Conflict, NotFound):
                continue
        if pods:
            return Result(requeue_after_s=AGAIN_S)
        try:
            guard = await self.client.live.get(*POLICY, shop["metadata"]["name"], NAMESPACE)
            await self.client.delete(*POLICY, shop["metadata"]["name"], NAMESPACE, uid=guard["metadata"]["uid"])
        except NotFound:
            pass
        shop["metadata"]["finalizers"] = [name for name in _finalizers(shop) if name != FINALIZER]
        await self.client.update(shop)
        return None

    async def pods(self) -> list[Json]:
        return await self.client.list("v1", "Pod", NAMESPACE)


class ListsLive(ListsFromItsCache):
    async def pods(self) -> list[Json]:
        items: list[Json] = (await self.client.live.list("v1", "Pod", NAMESPACE))["items"]
        return items


def _finalizers(shop: Json) -> list[str]:
    return shop["metadata"].get("finalizers") or []


def _belongs(pod: Json, shop: Json) -> bool:
    return bool((pod["metadata"].get("labels") or {}).get("shop") == shop["metadata"]["name"])


def _shops_of(pod: Json) -> list[Request]:
    shop = (pod["metadata"].get("labels") or {}).get("shop")
    return [Request(NAMESPACE, shop)] if shop else []


def _guard(shop: Json) -> Json:
    name = shop["metadata"]["name"]
    return {
        "apiVersion": POLICY[0],
        "kind": POLICY[1],
        "metadata": {"name": name, "namespace": NAMESPACE, "ownerReferences": [reference_to(shop)]},
        "spec": {"podSelector": {"matchLabels": {"shop": name}}},
    }


def wrong(client: Client) -> Controller:
    return _controller(ListsFromItsCache(client))


def fixed(client: Client) -> Controller:
    return _controller(ListsLive(client))


def _controller(reconciler: ListsFromItsCache) -> Controller:
    return Controller(
        name="demolition",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Shop"), Watch("v1", "Pod", map=_shops_of)],
    )


_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "till", "namespace": NAMESPACE, "labels": {"shop": "bakery"}},
    "spec": {"containers": [{"name": "till", "image": "till:1"}]},
}

ENTRY = Entry(
    id="guard-goes-first",
    property="teardown_keeps_its_order",
    faults=(*CACHE_BEHIND, "pause"),
    bug="https://github.com/kubernetes/kubernetes/issues/126587",
    tags=("stale read", "finalizer"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Shop", {"size": {"type": "integer"}}), custom("Shop", "bakery", {"size": 1})),
    trial_options={
        "workload": [create(_POD), delete("Shop", "bakery")],
        "built_ins": ("garbage-collector", "namespace"),
        "properties": ("teardown_keeps_its_order", "converges", "deletions_finish", "no_panic"),
    },
)
