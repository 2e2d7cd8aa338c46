"""Finalizer for ever: a cloud controller that takes "there is no such bucket" for a failure.

The bug: the bucket is gone already, because someone deleted it in the console, or because the answer to the first
delete was lost. "Not found" is not success here, so the finalizer stays and the object never goes. Real case:
tailscale#19441, and the same in many operators.

Weather: an outside system that drifts by itself or loses its answer; a crash after the delete.
Caught by: `deletions_finish`.
The twin is content when the bucket is gone, whoever did it.
"""

from typing import Any

from reference_impl.runtime import Client, Controller, Retry
from reference_impl.zoo.buckets import DEFINITION, Buckets, controller
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import custom, delete

Json = dict[str, Any]
AGAIN_S = 30.0


class InsistsOnTheBucket(Buckets):
    async def remove(self, bucket: Json) -> None:
        if await self.cloud.call("delete", bucket["metadata"]["uid"]) is None:
            raise Retry(AGAIN_S, reason="the bucket was not found")
        await self.let_go(bucket)


def wrong(client: Client) -> Controller:
    return controller(InsistsOnTheBucket(client))


def fixed(client: Client) -> Controller:
    return controller(Buckets(client))


ENTRY = Entry(
    id="gone-already",
    property="deletions_finish",
    faults=(
        "external_drift",
        "external_reply_lost",
        "external_fails",
        "crash",
        "late_commit",
        "time_travel",
        "reply_lost",
    ),
    bug="https://github.com/tailscale/tailscale/issues/19441",
    tags=("finalizer", "outside effects"),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, custom("Bucket", "logs", {"region": "north"})),
    trial_options={"workload": [delete("Bucket", "logs")]},
)
