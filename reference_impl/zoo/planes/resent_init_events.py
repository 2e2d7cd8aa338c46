"""Duplicate: an API server that begins a watch with what its cache has, and then sends what its buffer holds as well.

The bug: a watch from revision n is first given the events after n that the watch cache knows. Some of these still wait
in the dispatcher's buffer, and whoever sends that skips only what is not after n, instead of what was sent already:
the watcher sees the events twice, and goes back in time. Real case: kubernetes PR#73845. Here the buffer still holds
all that the watch was begun with.

Weather: a client that opens a watch from a revision after which something has happened.
Caught by: `watch_is_unique`; with two or more such events also `watch_is_ordered`.
The twin is the reference's own server.
"""

from reference_impl.apiserver.server import ApiServer
from reference_impl.apiserver.watch_stream import Sink, WatchStream
from reference_impl.protocol import ApiRequest
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import patch
from reference_impl.zoo.planes.notes import DEFINITION, note, notes


class SendsItsBufferAsWell(ApiServer):
    def open_watch(self, request: ApiRequest, sink: Sink) -> WatchStream:
        stream = super().open_watch(request, sink)
        for event in self._cache.of(stream.info.resource).since(stream.after):
            if stream.namespace in (None, event.key[1]):
                stream.offer(event)
        return stream


ENTRY = Entry(
    id="resent-init-events",
    property="watch_is_unique",
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
    bug="https://github.com/kubernetes/kubernetes/pull/73845",
    tags=("duplicate", "reorder"),
    wrong=notes,
    fixed=notes,
    wrong_plane={"apiserver": f"{__name__}:SendsItsBufferAsWell"},
    manifests=(DEFINITION, note("shopping")),
    trial_options={
        "workload": [patch("Note", "shopping", {"line": line}) for line in (2, 3, 4)],
        "built_ins": "none",
    },
)
