"""Uncertain outcome: an operator that goes on with what it had planned, for an owner long gone.

The bug: a pass that fails half-way keeps its plan in memory, and the next one carries it out without a look at the
owner, which has been deleted meanwhile, as that very pass was told. Real case: a controller on kube-rs that was given
an old picture of its object again and again, and made parts as fast as the garbage collector took them away.

Weather: a create that fails, for whatever reason, before its owner is deleted.
Caught by: `no_create_under_an_owner_observed_deleting`. The garbage collector clears up, so the end state is right.
The twin looks at the owner at the beginning of each pass.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, delete, is_deleting

Json = dict[str, Any]
AGAIN_S = 3.0


class ResumesItsPlan:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.unfinished: dict[Request, Json] = {}
        """Owners whose parts are not all there, as they were when that was planned."""

    async def reconcile(self, request: Request) -> Result | None:
        album = await self.owner(request)
        if album is None or is_deleting(album):
            self.unfinished.pop(request, None)
            return None
        for page in range(album["spec"]["pages"]):
            try:
                await self.client.create(config_map({"name": f"{request.name}-{page}"}, {"text": "..."}, album))
            except AlreadyExists:
                continue
            except ApiError:
                self.unfinished[request] = album
                return Result(requeue_after_s=AGAIN_S)
        self.unfinished.pop(request, None)
        return None

    async def owner(self, request: Request) -> Json | None:
        return self.unfinished.get(request) or await self.look(request)

    async def look(self, request: Request) -> Json | None:
        try:
            return await self.client.get(API, "Album", request.name, request.namespace)
        except NotFound:
            return None


class BeginsAnew(ResumesItsPlan):
    async def owner(self, request: Request) -> Json | None:
        return await self.look(request)


def wrong(client: Client) -> Controller:
    return _controller(ResumesItsPlan(client))


def fixed(client: Client) -> Controller:
    return _controller(BeginsAnew(client))


def _controller(reconciler: ResumesItsPlan) -> Controller:
    return Controller(
        name="albums",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Album"), Watch("v1", "ConfigMap", owner="Album")],
    )


ENTRY = Entry(
    id="resumes-its-plan",
    property="no_create_under_an_owner_observed_deleting",
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
    bug="https://github.com/kube-rs/kube/issues/712",
    tags=("ambiguous commit", "orphan"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Album", {"pages": {"type": "integer"}}), custom("Album", "summer", {"pages": 3})),
    trial_options={
        "workload": [delete("Album", "summer")],
        "built_ins": ("garbage-collector", "namespace"),
    },
)
