"""Reply lost, outside: a cloud controller that creates without an idempotency key.

The bug: the cloud makes the bucket, and its answer is lost, or the controller dies before it has written the id down.
The next pass finds no id and makes another; nothing in the cluster shows it, and nobody ever deletes the first. Real
case: crossplane-runtime#279, where the external name was not persisted after a create.

Weather: a lost answer of the outside system, or a crash before the id is written down.
Caught by: `one_external_object_per_owner`.
The twin sends the object's uid as idempotency key.
"""

from typing import Any

from reference_impl.runtime import Client, Controller
from reference_impl.zoo.buckets import DEFINITION, Buckets, controller
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import custom

Json = dict[str, Any]


class WithoutKey(Buckets):
    async def make(self, bucket: Json) -> None:
        made = await self.cloud.call("create", None, self.body(bucket))
        await self.note(bucket, made)


def wrong(client: Client) -> Controller:
    return controller(WithoutKey(client))


def fixed(client: Client) -> Controller:
    return controller(Buckets(client))


ENTRY = Entry(
    id="two-buckets",
    property="one_external_object_per_owner",
    faults=("external_reply_lost", "crash", "late_commit", "time_travel"),
    bug="https://github.com/crossplane/crossplane-runtime/issues/279",
    culprit="create cloud",
    tags=("ambiguous commit", "outside effects", "demo"),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, custom("Bucket", "logs", {"region": "north"})),
    trial_options={"workload": []},
)
