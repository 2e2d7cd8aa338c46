"""Time travel: a database operator that throws its keys away because a spec of long ago wanted no encryption.

The bug: the operator restarts and lists first at an API server that has fallen behind. There encryption is still off,
so it deletes the Secret with the keys, and makes a new one as soon as it catches up. The Secret has no owner, because
the keys are to outlive the cluster; so nobody sees from the objects alone that it was still needed, and the end state
looks right. Whoever talks with the old keys is locked out. Real case: Yugabyte's operator and its TLS secrets, found by
Sieve (OSDI'22) in the number of deletions.

Weather: a restart onto a server that lags.
Caught by: `deletes_as_in_fair_weather`.
The twin looks at the cluster once more, live, before it deletes.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, patch, sleep

Json = dict[str, Any]


class GoesByItsCache:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            cluster = await self.client.get(API, "Cluster", request.name, request.namespace)
            if is_deleting(cluster):
                return
            if cluster["spec"]["encrypted"]:
                await self.make_keys(cluster)
            elif await self.may_delete(cluster):
                await self.delete_keys(cluster)
            if cluster.get("status") != cluster["spec"]:
                await self.client.update_status({**cluster, "status": cluster["spec"]})
        except NotFound:
            return

    async def may_delete(self, cluster: Json) -> bool:
        return True

    async def make_keys(self, cluster: Json) -> None:
        metadata = {"name": _name(cluster), "namespace": cluster["metadata"]["namespace"]}
        try:
            await self.client.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
        except AlreadyExists:
            return

    async def delete_keys(self, cluster: Json) -> None:
        name, namespace = _name(cluster), cluster["metadata"]["namespace"]
        try:
            keys = await self.client.live.get("v1", "Secret", name, namespace)
            await self.client.delete("v1", "Secret", name, namespace, uid=keys["metadata"]["uid"])
        except NotFound:
            return


class AsksAgain(GoesByItsCache):
    async def may_delete(self, cluster: Json) -> bool:
        metadata = cluster["metadata"]
        fresh = await self.client.live.get(API, "Cluster", metadata["name"], metadata["namespace"])
        return bool(fresh["metadata"]["uid"] == metadata["uid"] and not fresh["spec"]["encrypted"])


def _name(cluster: Json) -> str:
    return f"{cluster['metadata']['name']}-keys"


def wrong(client: Client) -> Controller:
    return _controller(GoesByItsCache(client))


def fixed(client: Client) -> Controller:
    return _controller(AsksAgain(client))


def _controller(reconciler: GoesByItsCache) -> Controller:
    return Controller(name="cluster", reconcile=reconciler.reconcile, watches=[Watch(API, "Cluster")])


_FIELDS = {"size": {"type": "integer"}, "encrypted": {"type": "boolean"}}

ENTRY = Entry(
    id="keys-made-anew",
    property="deletes_as_in_fair_weather",
    faults=("time_travel", "stale_read"),
    bug="https://github.com/yugabyte/yugabyte-operator/issues/35",
    tags=("time travel",),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Cluster", _FIELDS, _FIELDS), custom("Cluster", "bank", {"size": 1, "encrypted": False})),
    trial_options={
        "workload": [
            *(patch("Cluster", "bank", {"size": size}) for size in (2, 3)),
            sleep(1),
            patch("Cluster", "bank", {"encrypted": True}),
            sleep(30),
        ],
        "built_ins": "none",
        "properties": ("deletes_as_in_fair_weather", "converges", "no_panic", "no_hot_loop"),
    },
)
