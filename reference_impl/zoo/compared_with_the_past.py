"""Stale read: an endpoints controller that compares what should be with a copy of what was.

The bug: a backend goes and comes back. The table of endpoints was written without it, but the cached copy does not show
that yet: it equals what should be, "nothing to do". When the copy catches up nobody looks, since only deletions of the
table wake the controller, and the backend gets no traffic for ever. Real case: Kubernetes' endpoints controller.

Weather: whatever keeps the table's update from the controller until the backend is back; an update that commits late.
Caught by: `converges` (the table lacks a backend).
The twin is woken by every event of the table: whatever it did on an old copy, it looks again once that changes.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, custom, definition, is_deleting, patch, sleep

Json = dict[str, Any]
TABLE = Request(NAMESPACE, "endpoints")


class Endpoints:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        backends = await self.client.list(API, "Backend", NAMESPACE)
        ready = [backend for backend in backends if backend["spec"]["ready"] and not is_deleting(backend)]
        data = {"addresses": " ".join(sorted(backend["spec"]["address"] for backend in ready))}
        try:
            table = await self.client.get("v1", "ConfigMap", TABLE.name, NAMESPACE)
        except NotFound:
            await self.client.create(config_map({"name": TABLE.name}, data))
            return
        if table["data"] != data:
            # Conditional on the copy: if that is behind, the update is refused and tried again.
            await self.client.update({**table, "data": data})


def _only_deletions(event_type: str, old: Json | None, new: Json | None) -> bool:
    return event_type == "DELETED"


def wrong(client: Client) -> Controller:
    return _controller(client, Watch("v1", "ConfigMap", map=_table_itself, predicate=_only_deletions))


def fixed(client: Client) -> Controller:
    return _controller(client, Watch("v1", "ConfigMap", map=_table_itself))


def _controller(client: Client, table: Watch) -> Controller:
    backends = Watch(API, "Backend", map=lambda backend: [TABLE])
    return Controller(name="endpoints", reconcile=Endpoints(client).reconcile, watches=[backends, table])


def _table_itself(config_map: Json) -> list[Request]:
    return [TABLE] if config_map["metadata"]["name"] == TABLE.name else []


ENTRY = Entry(
    id="compared-with-the-past",
    property="converges",
    faults=(*CACHE_BEHIND, "late_commit"),
    bug="https://github.com/kubernetes/kubernetes/issues/127429",
    tags=("stale read", "missing watch"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Backend", {"address": {"type": "string"}, "ready": {"type": "boolean"}}),
        custom("Backend", "alpha", {"address": "10.0.0.1", "ready": True}),
        custom("Backend", "beta", {"address": "10.0.0.2", "ready": True}),
    ),
    trial_options={
        "workload": [
            sleep(1),
            patch("Backend", "beta", {"ready": False}),
            sleep(0.3),
            patch("Backend", "beta", {"ready": True}),
        ]
    },
)
