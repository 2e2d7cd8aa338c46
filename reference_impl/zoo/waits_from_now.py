"""Unobserved state: a gangway that waits for the ferry from "now" on, although it last looked a moment ago.

The bug: it reads, the ferry has not docked, so it opens a watch, and lets that start at the newest revision instead of
the one it has read. What happened in between is in neither, and nothing else is to come: it waits for ever. Real case:
the waiters of fabric8's Kubernetes client missed the readiness that they were waiting for.

Weather: whatever takes time between the two requests while the ferry docks.
Caught by: `converges` (there is no gangway).
The twin watches from the revision of what it has read.
"""

import contextlib
from typing import Any

import trio

from reference_impl.errors import AlreadyExists, ApiError
from reference_impl.runtime import Client, Component, Signal
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, custom, definition, patch, sleep

Json = dict[str, Any]
RETRY_S = 1.0
FERRIES = ("anna", "berta")


class WaitsFromNow:
    """Waits for each ferry that is announced, and puts out a gangway."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.announced = client.informers.informer_for(API, "Ferry")
        self.changed = Signal()

    async def run(self) -> None:
        awaited: dict[str, None] = {}
        self.announced.add_handler(lambda *_: self.changed.set())
        async with trio.open_nursery() as nursery:
            while True:
                await self.changed.wait()
                self.changed.clear()
                for name in sorted(ferry["metadata"]["name"] for ferry in self.announced.list()):
                    if name not in awaited:
                        awaited[name] = None
                        nursery.start_soon(self._serve, name)

    async def _serve(self, name: str) -> None:
        while True:
            try:
                if await self._docks(name):
                    await self._put_out(f"gangway-{name}")
                    return
            except ApiError:
                pass  # all over again, beginning with a look
            await self.client.sleep(RETRY_S)

    async def _docks(self, name: str) -> bool:
        """Wait for it; False if the watch ended before."""
        seen = await self.client.live.get(API, "Ferry", name, NAMESPACE)
        if seen["spec"]["docked"]:
            return True
        revision, only = await self.revision_to_watch_from(seen), f"metadata.name={name}"
        stream = self.client.watch(API, "Ferry", NAMESPACE, resource_version=revision, fields=only)
        async with contextlib.aclosing(stream):
            async for event in stream:
                if event["object"]["spec"]["docked"]:
                    return True
        return False

    async def revision_to_watch_from(self, seen: Json) -> str:
        """The newest that there is."""
        ferries = await self.client.live.list(API, "Ferry", NAMESPACE)
        return str(ferries["metadata"]["resourceVersion"])

    async def _put_out(self, gangway: str) -> None:
        with contextlib.suppress(AlreadyExists):
            await self.client.create(config_map({"name": gangway}, {"width": "2 m"}))


class WaitsFromThen(WaitsFromNow):
    async def revision_to_watch_from(self, seen: Json) -> str:
        return str(seen["metadata"]["resourceVersion"])


def wrong(client: Client) -> Component:
    return Component("gangway", WaitsFromNow(client).run)


def fixed(client: Client) -> Component:
    return Component("gangway", WaitsFromThen(client).run)


ENTRY = Entry(
    id="waits-from-now",
    property="converges",
    faults=("latency", "partition", "pause"),
    bug="https://github.com/fabric8io/kubernetes-client/pull/1011",
    tags=("unobserved state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Ferry", {"docked": {"type": "boolean"}}),
        *(custom("Ferry", name, {"docked": False}) for name in FERRIES),
    ),
    trial_options={
        "workload": [sleep(0.1), *(patch("Ferry", name, {"docked": True}) for name in FERRIES)],
        "built_ins": "none",
    },
)
