"""Uid confusion: a reaper that deletes an expired session by its name.

The bug: the session it knows has been deleted and created again under the same name. Whoever deletes by name alone hits
the new one, which it has never seen. Real case: a kubelet that deleted mirror pods by name, from an old picture, and
killed the new ones. Kubernetes' own TTL controller looks again, live, and sends the uid along, for this very reason.

Weather: whatever keeps the deletion from the reaper until the old session's time is up.
Caught by: `deletes_carry_the_observed_uid`.
The twin sends the uid as a precondition.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, create, custom, definition, delete, is_deleting

Json = dict[str, Any]


class DeletesByName:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.first_seen_s: dict[str, float] = {}

    async def reconcile(self, request: Request) -> Result | None:
        try:
            session = await self.client.get(API, "Session", request.name, request.namespace)
        except NotFound:
            return None
        if is_deleting(session):
            return None
        now_s = self.client.monotonic_s()
        left_s = self.first_seen_s.setdefault(session["metadata"]["uid"], now_s) + session["spec"]["ttl"] - now_s
        if left_s > 0:
            return Result(requeue_after_s=left_s)
        try:
            await self.client.delete(API, "Session", request.name, request.namespace, uid=self.precondition(session))
        except NotFound:
            return None
        return None

    def precondition(self, session: Json) -> str | None:
        return None


class DeletesByUid(DeletesByName):
    def precondition(self, session: Json) -> str | None:
        return str(session["metadata"]["uid"])


def wrong(client: Client) -> Controller:
    return Controller(name="reaper", reconcile=DeletesByName(client).reconcile, watches=[Watch(API, "Session")])


def fixed(client: Client) -> Controller:
    return Controller(name="reaper", reconcile=DeletesByUid(client).reconcile, watches=[Watch(API, "Session")])


SESSION = custom("Session", "login", {"ttl": 2.5})

ENTRY = Entry(
    id="reaped-by-name",
    property="deletes_carry_the_observed_uid",
    faults=(
        "latency",
        "watch_lag",
        "stale_cache",
        "stale_read",
        "time_travel",
        "watch_gap",
        "watch_cut",
        "switch_server",
        "partition",
    ),
    bug="https://github.com/kubernetes/kubernetes/issues/79147",
    tags=("uid confusion",),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Session", {"ttl": {"type": "number"}}), SESSION),
    trial_options={"workload": [create(SESSION), delete("Session", "login"), create(SESSION)]},
)
