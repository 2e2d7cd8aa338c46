"""Hot loop: a controller that stamps its condition with the time of each pass.

The bug: `lastTransitionTime` is set to now whether or not there was a transition. So no two passes write the same, each
write is an event, and each event is a pass. Real case: two controllers of the Multigres operator, whose conditions were
stamped by hand; knative's serving had the same before.

Weather: none is needed.
Caught by: `no_hot_loop`, in fair weather.
The twin keeps the stamp that it finds, unless the condition changes.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting

Json = dict[str, Any]
PROBE_S = 0.002
"""How long it takes to ask a shard whether it is well. Without it a pass would take no time, and stamp the same."""


class StampsEachPass:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            shard = await self.client.get(API, "Shard", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(shard):
            return
        ready = {"type": "Ready", "status": await self._probe(shard)}
        conditions = (shard.get("status") or {}).get("conditions")
        before: Json = conditions[0] if conditions else {}
        ready["lastTransitionTime"] = self.stamp(ready, before)
        try:
            await self.client.update_status({**shard, "status": {"conditions": [ready]}})
        except NotFound:
            return

    def stamp(self, ready: Json, before: Json) -> str:
        return self.client.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    async def _probe(self, shard: Json) -> str:
        await self.client.sleep(PROBE_S)
        return "True" if shard["spec"]["replicas"] else "False"


class StampsTransitions(StampsEachPass):
    def stamp(self, ready: Json, before: Json) -> str:
        if before.get("status") == ready["status"]:
            return str(before["lastTransitionTime"])
        return super().stamp(ready, before)


def wrong(client: Client) -> Controller:
    return _controller(StampsEachPass(client))


def fixed(client: Client) -> Controller:
    return _controller(StampsTransitions(client))


def _controller(reconciler: StampsEachPass) -> Controller:
    return Controller(name="shard", reconcile=reconciler.reconcile, watches=[Watch(API, "Shard")])


_CONDITION = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}

ENTRY = Entry(
    id="stamped-for-ever",
    property="no_hot_loop",
    faults=(),
    bug="https://github.com/multigres/multigres-operator/pull/185",
    tags=("hot loop",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Shard", {"replicas": {"type": "integer"}}, {"conditions": {"type": "array", "items": _CONDITION}}),
        custom("Shard", "eu", {"replicas": 2}),
    ),
    calm_silent=False,
)
