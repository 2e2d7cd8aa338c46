"""Hot loop: a controller that counts its own passes in a status that it watches.

The bug: each pass writes the status, each write is an event, each event is a pass. Real case: fifteen controllers of
konflux-ci at some 1,350 reconciles a second; the same with timestamps in multigres-operator and others.

Weather: none is needed.
Caught by: `no_hot_loop`, in fair weather.
The twin writes what it has seen (the generation), which does not change by being written.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting

Json = dict[str, Any]


class CountsPasses:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            probe = await self.client.get(API, "Probe", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(probe):
            return
        try:
            await self.client.update_status({**probe, "status": self.status(probe)})
        except NotFound:
            return

    def status(self, probe: Json) -> Json:
        return {"passes": (probe.get("status") or {}).get("passes", 0) + 1}


class RecordsGeneration(CountsPasses):
    def status(self, probe: Json) -> Json:
        return {"observedGeneration": probe["metadata"]["generation"]}


def wrong(client: Client) -> Controller:
    return Controller(name="probe", reconcile=CountsPasses(client).reconcile, watches=[Watch(API, "Probe")])


def fixed(client: Client) -> Controller:
    return Controller(name="probe", reconcile=RecordsGeneration(client).reconcile, watches=[Watch(API, "Probe")])


ENTRY = Entry(
    id="counted-passes",
    property="no_hot_loop",
    faults=(),
    bug="https://github.com/konflux-ci/konflux-ci/pull/5874",
    tags=("hot loop",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition(
            "Probe",
            {"target": {"type": "string"}},
            {"passes": {"type": "integer"}, "observedGeneration": {"type": "integer"}},
        ),
        custom("Probe", "ping", {"target": "example.com"}),
    ),
    calm_silent=False,
)
