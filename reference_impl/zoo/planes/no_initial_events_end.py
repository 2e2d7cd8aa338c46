"""Bookmark: an API server that begins a streaming list and never says that the list is complete.

The bug: a watch with `sendInitialEvents` and no resourceVersion gets the state as events, and then a bookmark that ends
it. If the watch cache was behind the store at that moment, the bookmark had to wait, and was forgotten. An informer
that lists this way never syncs, and its controller never starts. Real case: kubernetes#122805.

Weather: a client that starts at a replica whose watch cache has fallen behind, or connects to it again.
Caught by: `converges` (nobody shows the note any more).
The twin is the reference's own server.
"""

from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from reference_impl.apiserver.server import ApiServer
from reference_impl.apiserver.watch_stream import Sink, WatchStream
from reference_impl.errors import ApiError, NotFound
from reference_impl.protocol import ApiRequest
from reference_impl.runtime import Client, Component
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, patch, sleep
from reference_impl.zoo.planes.notes import DEFINITION, note

Json = dict[str, Any]
AGAIN_S = 1.0


class ForgetsToEnd(ApiServer):
    def open_watch(self, request: ApiRequest, sink: Sink) -> WatchStream:
        if request.send_initial_events and not request.resource_version and self.cache_revision < self.store.revision:
            request = replace(request, send_initial_events=False, resource_version_match=None)
        return super().open_watch(request, sink)


class StreamingList:
    """Shows all notes as soon as it knows all notes. When the watch ends, it begins again."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def run(self) -> None:
        while True:
            with suppress(ApiError):
                await self._follow()
            await self.client.sleep(AGAIN_S)

    async def _follow(self) -> None:
        known: dict[str, Json] = {}
        complete = False
        async with aclosing(self.client.watch(API, "Note", send_initial_events=True, raw=True)) as events:
            async for event in events:
                obj = event["object"]
                if event["type"] == "ERROR":
                    return
                if event["type"] == "BOOKMARK":
                    complete = complete or "k8s.io/initial-events-end" in (obj["metadata"].get("annotations") or {})
                elif event["type"] == "DELETED":
                    known.pop(obj["metadata"]["name"], None)
                else:
                    known[obj["metadata"]["name"]] = obj
                if complete:
                    for name in sorted(known):
                        await self._show(known[name])

    async def _show(self, found: Json) -> None:
        metadata, line = found["metadata"], found["spec"]["line"]
        if (found.get("status") or {}).get("shown") == line:
            return
        body = {"status": {"shown": line}}
        where = metadata["name"], metadata["namespace"]
        while True:
            try:
                shown = await self.client.patch(API, "Note", *where, body=body, subresource="status")
            except NotFound:
                return
            except ApiError:
                await self.client.sleep(AGAIN_S)
            else:
                found["status"] = shown["status"]
                return


def streaming(client: Client) -> Component:
    return Component(name="notes", run=StreamingList(client).run)


ENTRY = Entry(
    id="no-initial-events-end",
    property="converges",
    faults=("stale_read", "time_travel"),
    bug="https://github.com/kubernetes/kubernetes/issues/122805",
    tags=("bookmark", "cache not synced", "time travel"),
    wrong=streaming,
    fixed=streaming,
    wrong_plane={"apiserver": f"{__name__}:ForgetsToEnd"},
    manifests=(DEFINITION, note("packing")),
    trial_options={"workload": [sleep(30), patch("Note", "packing", {"line": 2})], "built_ins": "none"},
)
