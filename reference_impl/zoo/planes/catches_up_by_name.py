"""Reorder: an API server that tells a client what it has missed object by object, instead of in its order.

The bug: a watch from revision n begins with all that has happened since. Whoever collects that by object, and sends one
object's history after the other's, leaves nothing out and repeats nothing, and each cache ends up right; but the stream
goes back in time, and so does the revision from which its client would resume. Real case of a watch that goes back:
etcd#15271, after a partition (there events came once more).

Weather: a client that resumes a watch after several things have happened.
Caught by: `watch_is_ordered`.
The twin is the reference's own server.
"""

from reference_impl.apiserver.server import ApiServer
from reference_impl.apiserver.watch_stream import Sink, WatchStream
from reference_impl.protocol import ApiRequest, WatchEvent
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import patch
from reference_impl.zoo.planes.notes import DEFINITION, note, notes


class CatchesUpByName(ApiServer):
    def open_watch(self, request: ApiRequest, sink: Sink) -> WatchStream:
        missed: dict[str, list[WatchEvent]] = {}
        is_open = False

        def gather(event: WatchEvent) -> None:
            if is_open:
                sink(event)
            else:
                missed.setdefault(event.object["metadata"].get("name", ""), []).append(event)

        stream = super().open_watch(request, gather)
        is_open = True
        for history in missed.values():
            for event in history:
                sink(event)
        return stream


ENTRY = Entry(
    id="catches-up-by-name",
    property="watch_is_ordered",
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
    bug="https://github.com/etcd-io/etcd/issues/15271",
    tags=("reorder",),
    wrong=notes,
    fixed=notes,
    wrong_plane={"apiserver": f"{__name__}:CatchesUpByName"},
    manifests=(DEFINITION, note("garden"), note("shopping")),
    trial_options={
        "workload": [patch("Note", name, {"line": 2}) for name in ("garden", "shopping")],
        "built_ins": "none",
    },
)
