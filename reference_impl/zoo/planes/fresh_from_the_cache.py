"""Stale read: an API server that takes its cache for fresh, and answers a consistent list from it.

The bug: a list that names no resourceVersion must show the newest state. The server may serve it from its watch cache,
once that has caught up with the store. Here nobody waits for that, so whoever has just read an object live finds an
older state of it in the next list. Real case: k3s with Kubernetes 1.33 over kine, where newly made Secrets were missing
from lists, and consistent reads from the cache are suspected.

Weather: a replica whose watch cache has fallen behind.
Caught by: `one_sessions_reads_never_go_back`.
The twin is the reference's own server.
"""

from dataclasses import replace

from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import NotFound
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Retry, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, patch
from reference_impl.zoo.planes.notes import DEFINITION, ShowsNotes, note

AGAIN_S = 30.0


class TakesItsCacheForFresh(ApiServer):
    def _list(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        if not request.resource_version:
            request = replace(request, resource_version="0")
        return super()._list(request, info)


class LooksForMore(ShowsNotes):
    """Looks live whether its note is shown, says so, and comes again as long as any note is not."""

    async def look(self, request: Request) -> Result | None:
        await self.reconcile(request)
        try:
            own = await self.client.live.get(API, "Note", request.name, request.namespace)
        except NotFound:
            return None
        if _is_behind(own):
            raise Retry(reason="changed meanwhile")
        await self.client.record(own, "Normal", "Shown", f"line {own['spec']['line']}")
        listed = await self.client.live.list(API, "Note", request.namespace)
        return Result(requeue_after_s=AGAIN_S) if any(_is_behind(found) for found in listed["items"]) else None


def _is_behind(found: JsonObject) -> bool:
    return bool((found.get("status") or {}).get("shown") != found["spec"]["line"])


def looks_for_more(client: Client) -> Controller:
    return Controller(name="notes", reconcile=LooksForMore(client).look, watches=[Watch(API, "Note")])


ENTRY = Entry(
    id="fresh-from-the-cache",
    property="one_sessions_reads_never_go_back",
    faults=("stale_read", "time_travel"),
    bug="https://github.com/k3s-io/kine/issues/577",
    tags=("stale read",),
    wrong=looks_for_more,
    fixed=looks_for_more,
    wrong_plane={"apiserver": f"{__name__}:TakesItsCacheForFresh"},
    manifests=(DEFINITION, note("shopping")),
    trial_options={"workload": [patch("Note", "shopping", {"line": line}) for line in (2, 3, 4)], "built_ins": "none"},
)
