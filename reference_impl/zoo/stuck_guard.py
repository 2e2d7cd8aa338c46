"""Crash between two writes: a cloud controller whose guard against a second bucket stops the first one, too.

The bug: the cloud names what it makes, so a create must not be asked for twice. The controller writes "create pending"
on the object, creates, and writes the name down. Whoever finds the guard and no name cannot tell how far that went, and
waits for a person to look. A crash anywhere between the two writes is enough. Real case: Crossplane's annotation
external-create-pending, which blocks a resource for good if its provider is restarted during a create.

Weather: a crash between the two writes, or an answer of the outside system that does not say whether it took effect.
Caught by: `converges` (no bucket, or none that the object knows of).
The twin needs no guard: with the object's uid as idempotency key, asking again is looking.
"""

from typing import Any

from reference_impl.errors import ServiceUnavailable, TooManyRequests, Unreachable
from reference_impl.runtime import Client, Controller, Terminal
from reference_impl.zoo.buckets import DEFINITION, Buckets, controller
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import custom

Json = dict[str, Any]
PENDING = "zoo.seatrial.dev/create-pending"


class GuardsItsCreate(Buckets):
    async def make(self, bucket: Json) -> None:
        if PENDING in (bucket["metadata"].get("annotations") or {}):
            raise Terminal(f"cannot tell whether the bucket was created: remove {PENDING} if it is safe to proceed")
        await self._guard(bucket, "yes")
        try:
            made = await self.cloud.call("create", None, self.body(bucket))
        except (TooManyRequests, Unreachable, ServiceUnavailable):
            # These say that nothing was created, so nobody has to look.
            await self._guard(bucket, None)
            raise
        await self.note(bucket, made)

    async def _guard(self, bucket: Json, pending: str | None) -> None:
        """It may stay when the name is known: from then on nobody asks for it."""
        await self._patch(bucket, {"metadata": {"annotations": {PENDING: pending}}}, None)


def wrong(client: Client) -> Controller:
    return controller(GuardsItsCreate(client))


def fixed(client: Client) -> Controller:
    return controller(Buckets(client))


ENTRY = Entry(
    id="stuck-guard",
    property="converges",
    faults=("crash", "late_commit", "time_travel", "external_fails", "external_reply_lost"),
    bug="https://github.com/crossplane/crossplane-runtime/issues/340",
    tags=("crash between two writes", "outside effects"),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, custom("Bucket", "logs", {"region": "north"})),
    trial_options={"workload": []},
)
