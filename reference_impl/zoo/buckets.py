"""What the bucket entries share: a controller that keeps one outside bucket for each Bucket object.

A Bucket gets a finalizer before anything outside exists, and its outside bucket when the finalizer is there. Reads of
the Bucket are live, so that an old picture is none of these entries' business.
"""

from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.manifests import API, definition, is_deleting

Json = dict[str, Any]

CLOUD = "cloud"
FINALIZER = "zoo.seatrial.dev/bucket"
RETRY_S = 1.0
DEFINITION = definition("Bucket", {"region": {"type": "string"}}, {"id": {"type": "string"}})


class Buckets:
    """Entries override how a bucket is made and how it goes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cloud = client.external(CLOUD)

    async def reconcile(self, request: Request) -> None:
        try:
            bucket = await self.client.live.get(API, "Bucket", request.name, request.namespace)
        except NotFound:
            return
        finalizers = bucket["metadata"].get("finalizers") or []
        if is_deleting(bucket):
            if FINALIZER in finalizers:
                await self.remove(bucket)
            return
        if FINALIZER not in finalizers:
            bucket["metadata"]["finalizers"] = [*finalizers, FINALIZER]
            bucket = await self.client.update(bucket)
        if not (bucket.get("status") or {}).get("id"):
            await self.make(bucket)

    async def make(self, bucket: Json) -> None:
        """The uid is an idempotency key: asking twice makes one."""
        made = await self.cloud.call("create", bucket["metadata"]["uid"], self.body(bucket))
        await self.note(bucket, made)

    async def remove(self, bucket: Json) -> None:
        """The outside bucket first: with the finalizer goes the last chance to know of it."""
        await self.cloud.call("delete", bucket["metadata"]["uid"])
        await self.let_go(bucket)

    def body(self, bucket: Json) -> Json:
        return {"owner": bucket["metadata"]["uid"], "region": bucket["spec"]["region"]}

    async def note(self, bucket: Json, made: Json | None) -> None:
        """Write the id into the status, as often as it takes."""
        assert made is not None
        await self._patch(bucket, {"status": {"id": made["id"]}}, "status")

    async def let_go(self, bucket: Json) -> None:
        """Take the finalizer off, as often as it takes."""
        kept = [name for name in bucket["metadata"]["finalizers"] if name != FINALIZER]
        await self._patch(bucket, {"metadata": {"finalizers": kept, "uid": bucket["metadata"]["uid"]}}, None)

    async def _patch(self, bucket: Json, body: Json, subresource: str | None) -> None:
        metadata = bucket["metadata"]
        while True:
            try:
                await self.client.patch(
                    API, "Bucket", metadata["name"], metadata["namespace"], body=body, subresource=subresource
                )
                return
            except NotFound:
                return
            except ApiError:
                await self.client.sleep(RETRY_S)


def controller(buckets: Buckets) -> Controller:
    return Controller(name="buckets", reconcile=buckets.reconcile, watches=[Watch(API, "Bucket")])
