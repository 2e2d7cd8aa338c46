"""Bookmark: an API server that passes on how far its store is, when its watches are not there yet.

The bug: for a consistent read the server asks its store for a progress notification, and tells its own watchers, by
a bookmark, that they have seen everything up to there. The notification overtook events that were still under way. A
client that resumes from such a bookmark never sees them. Real case: etcd#15220, where progress was reported to
watchers that had not been synchronised.

Weather: a replica whose watch cache has fallen behind, and a consistent list there.
Caught by: `watch_is_bookmarkable`.
The twin promises what its cache has.
"""

from reference_impl.apiserver.server import ApiServer
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, patch
from reference_impl.zoo.planes.notes import DEFINITION, ShowsNotes, note


class PromisesWhatItHas(ApiServer):
    def progress(self) -> int:
        return self.cache_revision

    def _list(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        answer = super()._list(request, info)
        if not request.resource_version:
            for stream in self.streams():
                stream.bookmark(self.progress())
        return answer


class PromisesWhatItsStoreHas(PromisesWhatItHas):
    def progress(self) -> int:
        return self.store.revision


class ReadsBack(ShowsNotes):
    """Looks whether all notes show what they should, by a consistent list."""

    async def reconcile(self, request: Request) -> None:
        await super().reconcile(request)
        listed = await self.client.live.list(API, "Note", request.namespace)
        for found in listed["items"]:
            shown = (found.get("status") or {}).get("shown")
            if found["metadata"]["name"] == request.name and shown != found["spec"]["line"]:
                raise Retry(reason="changed meanwhile")


def reads_back(client: Client) -> Controller:
    return Controller(name="notes", reconcile=ReadsBack(client).reconcile, watches=[Watch(API, "Note")])


ENTRY = Entry(
    id="bookmark-too-far",
    property="watch_is_bookmarkable",
    faults=("stale_read", "time_travel"),
    bug="https://github.com/etcd-io/etcd/issues/15220",
    tags=("bookmark", "stale read"),
    wrong=reads_back,
    fixed=reads_back,
    wrong_plane={"apiserver": f"{__name__}:PromisesWhatItsStoreHas"},
    fixed_plane={"apiserver": f"{__name__}:PromisesWhatItHas"},
    manifests=(DEFINITION, note("shopping")),
    trial_options={"workload": [patch("Note", "shopping", {"line": 2})], "built_ins": "none"},
)
