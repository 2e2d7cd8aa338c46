"""Livelock: an operator and an autoscaler that both write how many there should be.

The bug: the operator restores the size that its own object names, the autoscaler its minimum. Either is woken by what
the other writes, so the size goes up and down for ever. Real case: the runtime component operator contradicted the
HorizontalPodAutoscaler that it had made itself.

Weather: none is needed.
Caught by: `no_livelock`, in fair weather.
The twin leaves the size alone where an autoscaler is in charge.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Part, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import (
    API,
    config_map,
    custom,
    definition,
    is_controlled_by,
    is_deleting,
    patch,
)

Json = dict[str, Any]
LOOK_S = 1.0
"""The autoscaler looks at the load for so long before it decides."""


class RestoresTheSize:
    """Makes a workload (a ConfigMap here) for each App, and keeps it as it should be."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        app = await _found(self.client, API, "App", request)
        if app is None or is_deleting(app):
            return
        wanted = {"image": app["spec"]["image"], "replicas": str(app["spec"]["replicas"])}
        try:
            await self.client.create(config_map({"name": request.name}, wanted, app))
        except AlreadyExists:
            workload = await _found(self.client, "v1", "ConfigMap", request)
            if workload is not None and is_controlled_by(workload, app):
                await _change(self.client, workload, self.to_restore(app, wanted))

    def to_restore(self, app: Json, wanted: dict[str, str]) -> dict[str, str]:
        return wanted


class LeavesItToTheAutoscaler(RestoresTheSize):
    def to_restore(self, app: Json, wanted: dict[str, str]) -> dict[str, str]:
        return {"image": wanted["image"]} if app["spec"].get("atLeast") else wanted


class Autoscaler:
    """There is no load here that would call for more than `atLeast`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        await self.client.sleep(LOOK_S)
        app = await _found(self.client, API, "App", request)
        workload = await _found(self.client, "v1", "ConfigMap", request)
        if app is not None and workload is not None and is_controlled_by(workload, app) and app["spec"].get("atLeast"):
            await _change(self.client, workload, {"replicas": str(app["spec"]["atLeast"])})


async def _found(client: Client, api_version: str, kind: str, request: Request) -> Json | None:
    try:
        return await client.live.get(api_version, kind, request.name, request.namespace)
    except NotFound:
        return None


async def _change(client: Client, workload: Json, data: dict[str, str]) -> None:
    """Conditional on what was read; `Conflict` leaves `reconcile`."""
    if workload["data"] | data != workload["data"]:
        await client.update({**workload, "data": workload["data"] | data})


def wrong(client: Client) -> list[Part]:
    return _controllers(client, RestoresTheSize(client))


def fixed(client: Client) -> list[Part]:
    return _controllers(client, LeavesItToTheAutoscaler(client))


def _controllers(client: Client, operator: RestoresTheSize) -> list[Part]:
    watches = [Watch(API, "App"), Watch("v1", "ConfigMap", owner="App")]
    return [
        Controller(name="operator", reconcile=operator.reconcile, watches=watches),
        Controller(name="autoscaler", reconcile=Autoscaler(client).reconcile, watches=watches),
    ]


_SPEC = {"image": {"type": "string"}, "replicas": {"type": "integer"}, "atLeast": {"type": "integer"}}

ENTRY = Entry(
    id="two-hands",
    property="no_livelock",
    faults=(),
    bug="https://github.com/application-stacks/runtime-component-operator/pull/72",
    tags=("hot loop", "lost update"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("App", _SPEC), custom("App", "shop", {"image": "shop:1", "replicas": 1, "atLeast": 2})),
    trial_options={"workload": [patch("App", "shop", {"image": "shop:2"}), patch("App", "shop", {"atLeast": 3})]},
    calm_silent=False,
)
