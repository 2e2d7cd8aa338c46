"""Compaction: an API server that no longer has what a watch asks for, begins with what is left, and does not say so.

The bug: a watch from revision n whose next events are gone (compacted, or pushed out of the watch cache's window) must
be refused with 410 Gone, so that its client lists again. Here it begins at the oldest revision there is: its client
never hears of what lies between. Real case: etcd#19179 left out the deletion at which a watch from the compacted
revision should have begun.

Weather: a client that is cut off for a while, until its place in the stream is gone.
Caught by: `watch_is_resumable` (it skips changes).
The twin answers 410. Both are busy servers, with a window of one event.
"""

from dataclasses import replace
from typing import Any

from reference_impl.apiserver.server import ApiServer
from reference_impl.apiserver.watch_stream import Sink, WatchStream
from reference_impl.errors import Gone
from reference_impl.protocol import ApiRequest
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import patch
from reference_impl.zoo.planes.notes import DEFINITION, note, notes


class Busy(ApiServer):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, window=1, **options)


class BeginsWithWhatIsLeft(Busy):
    def open_watch(self, request: ApiRequest, sink: Sink) -> WatchStream:
        try:
            return super().open_watch(request, sink)
        except Gone:
            resource = self.kinds.resolve(request.api_version, request.kind).resource
            oldest = max(self._cache.of(resource).window_start, self.store.compacted_revision)
            stream = super().open_watch(replace(request, resource_version=str(oldest)), sink)
            stream.after = int(request.resource_version or 0)
            return stream


ENTRY = Entry(
    id="silent-compaction",
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
        "compaction",
    ),
    bug="https://github.com/etcd-io/etcd/issues/19179",
    tags=("compaction", "unobserved state"),
    wrong=notes,
    fixed=notes,
    wrong_plane={"apiserver": f"{__name__}:BeginsWithWhatIsLeft"},
    fixed_plane={"apiserver": f"{__name__}:Busy"},
    manifests=(DEFINITION, note("shopping")),
    trial_options={
        "workload": [patch("Note", "shopping", {"line": line}) for line in (2, 3, 4)],
        "built_ins": "none",
    },
)
