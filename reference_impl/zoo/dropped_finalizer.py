"""Lost update: a backup controller that puts its finalizer on a bucket and takes another's off.

The bug: a merge patch cannot add to a list, it replaces the list. The controller writes all finalizers of the bucket as
its cache shows them, and its own; one that the cache does not show yet is gone. Its owner made sure of it when the
bucket was made, and does not look again; so the object goes without it, and what it stood for stays. Real case:
several controllers of Kubermatic lost each other's finalizers on a cluster this way; those of Tigera's operator, too.

Weather: whatever keeps the bucket's finalizer from the backup controller until there is a backup to make.
Caught by: `no_orphan_or_leak`.
The twin sends the resourceVersion that it read, and reads again after a conflict.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Part, Request, Watch
from reference_impl.zoo.buckets import CLOUD, DEFINITION, FINALIZER
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import API, create, custom, definition, delete, is_deleting, sleep

Json = dict[str, Any]
BACKED_UP = "zoo.seatrial.dev/backup"


class Buckets:
    """Keeps one outside bucket for each Bucket, behind a finalizer that it sets before it makes one."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cloud = client.external(CLOUD)

    async def reconcile(self, request: Request) -> None:
        try:
            bucket = await self.client.live.get(API, "Bucket", request.name, request.namespace)
            await self._keep(bucket)
        except NotFound:
            return

    async def _keep(self, bucket: Json) -> None:
        uid, finalizers = bucket["metadata"]["uid"], _finalizers(bucket)
        if is_deleting(bucket):
            if FINALIZER in finalizers:
                await self.cloud.call("delete", uid)
                await _update(self.client, bucket, [name for name in finalizers if name != FINALIZER])
        elif not (bucket.get("status") or {}).get("id"):
            if FINALIZER not in finalizers:
                bucket = await _update(self.client, bucket, [*finalizers, FINALIZER])
            made = await self.cloud.call("create", uid, {"owner": uid})
            assert made is not None
            await self.client.update_status({**bucket, "status": {"id": made["id"]}})


class PatchesTheList:
    """Keeps a bucket that has a backup from going before it says so."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            bucket = await self.client.get(API, "Bucket", request.name, request.namespace)
            finalizers = _finalizers(bucket)
            if is_deleting(bucket):
                if BACKED_UP in finalizers:
                    await self.write(bucket, [name for name in finalizers if name != BACKED_UP])
            elif BACKED_UP not in finalizers:
                await self.client.get(API, "Backup", request.name, request.namespace)
                await self.write(bucket, [*finalizers, BACKED_UP])
        except NotFound:
            return

    async def write(self, bucket: Json, finalizers: list[str]) -> None:
        metadata = bucket["metadata"]
        body = {"metadata": {"uid": metadata["uid"], "finalizers": finalizers}}
        await self.client.patch(API, "Bucket", metadata["name"], metadata["namespace"], body=body)


class UpdatesWhatItRead(PatchesTheList):
    async def write(self, bucket: Json, finalizers: list[str]) -> None:
        await _update(self.client, bucket, finalizers)


async def _update(client: Client, bucket: Json, finalizers: list[str]) -> Json:
    """Raises `Conflict` if the bucket has changed since it was read."""
    return await client.update({**bucket, "metadata": {**bucket["metadata"], "finalizers": finalizers}})


def _finalizers(bucket: Json) -> list[str]:
    return bucket["metadata"].get("finalizers") or []


def wrong(client: Client) -> list[Part]:
    return _controllers(client, PatchesTheList(client))


def fixed(client: Client) -> list[Part]:
    return _controllers(client, UpdatesWhatItRead(client))


def _controllers(client: Client, backups: PatchesTheList) -> list[Part]:
    """A Backup has the name of its bucket, so that either enqueues the same key."""
    return [
        Controller(name="buckets", reconcile=Buckets(client).reconcile, watches=[Watch(API, "Bucket")]),
        Controller(name="backups", reconcile=backups.reconcile, watches=[Watch(API, "Backup"), Watch(API, "Bucket")]),
    ]


ENTRY = Entry(
    id="dropped-finalizer",
    property="no_orphan_or_leak",
    faults=(*CACHE_BEHIND, "late_commit", "pause"),
    bug="https://github.com/kubermatic/kubermatic/issues/6759",
    tags=("lost update", "stale read", "finalizer", "outside effects"),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, definition("Backup", {}), custom("Bucket", "logs", {"region": "north"})),
    trial_options={"workload": [sleep(0.1), create(custom("Backup", "logs", {})), sleep(10), delete("Bucket", "logs")]},
)
