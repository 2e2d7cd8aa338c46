"""Memory that outlives its reason: a syncer that after one error stamps its status for ever.

The bug: while an object cannot be synced, each pass shows in its status when that was tried, at most once in ten
seconds. An error begins that; success does not end it. From then on each pass writes, whether or not anything has
changed. Real case: VolSync, where an error that is over is not cleared from the status of a replication.

Weather: a request that fails.
Caught by: `idempotent`.
The twin forgets the error when it has synced.
"""

from datetime import datetime, timedelta
from typing import Any

from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, patch

Json = dict[str, Any]
STAMP_EVERY = timedelta(seconds=10)
NUMBER, TEXT = {"type": "integer"}, {"type": "string"}


class RemembersErrors:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.failing: dict[Request, None] = {}

    async def reconcile(self, request: Request) -> None:
        try:
            replica = await self.client.get(API, "Replica", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(replica):
            return
        try:
            await self.sync(replica, stamps=request in self.failing)
        except ApiError:
            self.failing[request] = None
            raise
        self.synced(request)

    def synced(self, request: Request) -> None:
        """All is well."""

    async def sync(self, replica: Json, *, stamps: bool) -> None:
        metadata, size = replica["metadata"], replica["spec"]["size"]
        status = replica.get("status") or {}
        if status.get("size") == size and not (stamps and self.is_due(status)):
            return
        name = f"{metadata['name']}-copy"
        try:
            await self.client.create(config_map({"name": name}, {"size": str(size)}))
        except AlreadyExists:
            body: Json = {"data": {"size": str(size)}}
            await self.client.patch("v1", "ConfigMap", name, metadata["namespace"], body=body)
        body = {"status": {"size": size, "tried": self.client.now().isoformat()}}
        await self.client.patch(
            API, "Replica", metadata["name"], metadata["namespace"], body=body, subresource="status"
        )

    def is_due(self, status: Json) -> bool:
        return "tried" not in status or self.client.now() - datetime.fromisoformat(status["tried"]) >= STAMP_EVERY


class ForgetsThemInTime(RemembersErrors):
    def synced(self, request: Request) -> None:
        self.failing.pop(request, None)


def wrong(client: Client) -> Controller:
    return _controller(RemembersErrors(client))


def fixed(client: Client) -> Controller:
    return _controller(ForgetsThemInTime(client))


def _controller(reconciler: RemembersErrors) -> Controller:
    return Controller(name="replicas", reconcile=reconciler.reconcile, watches=[Watch(API, "Replica")])


ENTRY = Entry(
    id="never-well-again",
    property="idempotent",
    faults=(
        "throttled",
        "refused",
        "not_ready",
        "server_error",
        "reply_lost",
        "late_commit",
        "admission_denied",
        "permission_revoked",
        "quota_exceeded",
        "apiserver_crash",
        "partition",
    ),
    bug="https://github.com/backube/volsync/issues/290",
    tags=("ambiguous commit",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Replica", {"size": NUMBER}, {"size": NUMBER, "tried": TEXT}),
        custom("Replica", "data", {"size": 1}),
    ),
    trial_options={"workload": [patch("Replica", "data", {"size": 2})], "built_ins": "none"},
)
