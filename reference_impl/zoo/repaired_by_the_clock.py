"""Missing requeue: a page controller that leaves every trouble to its next periodic look, ten minutes later.

The bug: an error is logged, and the pass counts as done. What it did not get through is made up for by the periodic
resync, so the end state is right, long after whoever waited for it has given up. Real case: a condition of Cluster API
that came up to ten minutes late, because nothing but the resync looked at what it depends on.

Weather: any request of the controller that fails.
Caught by: `repairs_come_in_time`.
The twin lets the error out, and is tried again with a back-off.
"""

import contextlib
from typing import Any

from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting

Json = dict[str, Any]
RESYNC_S = 600.0


class LooksAgainLater:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result:
        try:
            await self.publish(request)
        except ApiError as error:
            self.failed(error)
        return Result(requeue_after_s=RESYNC_S)

    async def publish(self, request: Request) -> None:
        try:
            page = await self.client.get(API, "Page", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(page):
            return
        with contextlib.suppress(AlreadyExists):
            await self.client.create(config_map({"name": request.name}, {"title": page["spec"]["title"]}, page))
        if page.get("status") != {"published": True}:
            await self.client.update_status({**page, "status": {"published": True}})

    def failed(self, error: ApiError) -> None:
        """The next look will do."""


class TriesAgain(LooksAgainLater):
    def failed(self, error: ApiError) -> None:
        raise error


def wrong(client: Client) -> Controller:
    return _controller(LooksAgainLater(client))


def fixed(client: Client) -> Controller:
    return _controller(TriesAgain(client))


def _controller(reconciler: LooksAgainLater) -> Controller:
    watches = [Watch(API, "Page"), Watch("v1", "ConfigMap", owner="Page")]
    return Controller(name="page", reconcile=reconciler.reconcile, watches=watches)


ENTRY = Entry(
    id="repaired-by-the-clock",
    property="repairs_come_in_time",
    faults=(
        "server_error",
        "throttled",
        "refused",
        "not_ready",
        "reply_lost",
        "late_commit",
        "admission_denied",
        "permission_revoked",
        "quota_exceeded",
        "conflict_race",
        "partition",
        "apiserver_crash",
        "latency",
        "stale_cache",
        "stale_read",
        "watch_lag",
        "watch_gap",
        "watch_cut",
        "time_travel",
        "reorder_streams",
        "pause",
        "crash",
    ),
    bug="https://github.com/kubernetes-sigs/cluster-api/pull/11448",
    tags=("missing requeue",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Page", {"title": {"type": "string"}}, {"published": {"type": "boolean"}}),
        custom("Page", "news", {"title": "News"}),
    ),
    trial_options={
        "workload": [],
        "built_ins": "none",
        "properties": ("repairs_come_in_time", "converges", "no_panic", "no_hot_loop"),
    },
)
