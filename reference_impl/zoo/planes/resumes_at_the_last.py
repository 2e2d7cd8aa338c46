"""Duplicate: an API server that answers a watch from revision n with event n, which its client has seen.

The bug: the watch cache searched its window for events "not before n", where etcd has "after n". Whoever resumed was
told the last event once more: a counter of events counts it twice, a deletion comes for an object that is there again.
Real case: kubernetes#24004. As there, only what is served from the cache's window is wrong: who asks for what follows
the newest revision has nothing to wait for there, and what a server found when it came up, or was compacted, is not in
it.

Weather: a client that opens a watch from a revision after which something has happened.
Caught by: `watch_is_resumable` (what comes is not after the start).
The twin is the reference's own server.
"""

from dataclasses import replace

from reference_impl.apiserver.server import ApiServer
from reference_impl.apiserver.watch_stream import Sink, WatchStream
from reference_impl.errors import Gone
from reference_impl.protocol import ApiRequest
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import patch
from reference_impl.zoo.planes.notes import DEFINITION, note, notes


class BeginsAtTheAsked(ApiServer):
    def open_watch(self, request: ApiRequest, sink: Sink) -> WatchStream:
        asked = int(request.resource_version or 0)
        if not 1 < asked < self.cache_revision:
            return super().open_watch(request, sink)
        try:
            stream = super().open_watch(replace(request, resource_version=str(asked - 1)), sink)
        except Gone:
            return super().open_watch(request, sink)
        stream.after = asked
        return stream


ENTRY = Entry(
    id="resumes-at-the-last",
    property="watch_is_resumable",
    faults=(
        "watch_cut",
        "watch_gap",
        "relist",
        "switch_server",
        "apiserver_crash",
        "partition",
        "pause",
        "refused",
        "throttled",
        "latency",
    ),
    bug="https://github.com/kubernetes/kubernetes/issues/24004",
    tags=("duplicate",),
    wrong=notes,
    fixed=notes,
    wrong_plane={"apiserver": f"{__name__}:BeginsAtTheAsked"},
    manifests=(DEFINITION, note("shopping")),
    trial_options={
        "workload": [patch("Note", "shopping", {"line": line}) for line in (2, 3, 4)],
        "built_ins": "none",
    },
)
