"""Effect before finalizer: a cloud controller that goes on when it could not put its finalizer on.

The bug: the order is right, but a failed write of the finalizer is only noted, to be tried again in the next pass. The
bucket is made all the same, and if somebody deletes the object now, it goes at once and takes with it all knowledge of
the bucket. Real case: Outscale's cluster provider, which wrote its finalizer when the pass ended, after it had made a
whole network.

Weather: whatever makes the write of the finalizer fail.
Caught by: `finalizer_before_effect`, when the finalizer comes at last.
The twin begins anew when it could not write.
"""

from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry
from reference_impl.zoo.buckets import DEFINITION, FINALIZER, RETRY_S, Buckets, controller
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, is_deleting

Json = dict[str, Any]


class GoesOn(Buckets):
    async def reconcile(self, request: Request) -> None:
        try:
            bucket = await self.client.live.get(API, "Bucket", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(bucket):
            await super().reconcile(request)
            return
        is_safe = await self._secure(bucket)
        if not (bucket.get("status") or {}).get("id"):
            await self.make(bucket)
        if not is_safe:
            raise Retry(RETRY_S, reason="the finalizer could not be written")

    async def _secure(self, bucket: Json) -> bool:
        """Put the finalizer on, or see that it is there."""
        finalizers = bucket["metadata"].get("finalizers") or []
        if FINALIZER in finalizers:
            return True
        metadata = {**bucket["metadata"], "finalizers": [*finalizers, FINALIZER]}
        try:
            await self.client.update({**bucket, "metadata": metadata})
        except ApiError:
            return False
        return True


def wrong(client: Client) -> Controller:
    return controller(GoesOn(client))


def fixed(client: Client) -> Controller:
    return controller(Buckets(client))


ENTRY = Entry(
    id="effect-before-finalizer",
    property="finalizer_before_effect",
    faults=(
        "throttled",
        "refused",
        "not_ready",
        "server_error",
        "late_commit",
        "conflict_race",
        "partition",
        "apiserver_crash",
        "permission_revoked",
        "admission_denied",
    ),
    bug="https://github.com/outscale/cluster-api-provider-outscale/issues/917",
    tags=("finalizer", "outside effects"),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, custom("Bucket", "logs", {"region": "north"})),
    trial_options={"workload": []},
)
