"""Leaked outside resource: a cloud controller that takes its finalizer off before it deletes the bucket.

The bug: with the finalizer the object goes, and with the object all knowledge of the bucket. If the delete fails then,
or the controller dies, the bucket stays and costs money for ever. Real case: Kubernetes' Job controller declared Jobs
finished before all its finalizers had done their work (kubernetes PR#119159), the same two steps in the wrong order.

Weather: a failing outside system, or a crash between the two steps.
Caught by: `no_orphan_or_leak`.
The twin deletes the bucket first.
"""

from typing import Any

from reference_impl.runtime import Client, Controller
from reference_impl.zoo.buckets import DEFINITION, Buckets, controller
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import custom, delete

Json = dict[str, Any]


class LetsGoFirst(Buckets):
    async def remove(self, bucket: Json) -> None:
        await self.let_go(bucket)
        await self.cloud.call("delete", bucket["metadata"]["uid"])


def wrong(client: Client) -> Controller:
    return controller(LetsGoFirst(client))


def fixed(client: Client) -> Controller:
    return controller(Buckets(client))


ENTRY = Entry(
    id="leaked-bucket",
    property="no_orphan_or_leak",
    faults=("external_fails", "crash", "late_commit", "time_travel"),
    bug="https://github.com/kubernetes/kubernetes/pull/119159",
    culprit="patch Bucket",
    tags=("outside effects", "finalizer", "crash between two writes"),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, custom("Bucket", "logs", {"region": "north"})),
    trial_options={"workload": [delete("Bucket", "logs")]},
)
