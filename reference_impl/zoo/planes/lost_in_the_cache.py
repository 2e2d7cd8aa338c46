"""Unobserved state: an API server whose watch cache loses events when its own watch of the store breaks.

The bug: the watch cache itself watches the store. When that watch fails (an event's previous value was compacted away,
an internal error) it is opened again too late, and what was committed in between is in no stream and in no cached
list. The cache's clients have no way to know. Real case: kubernetes#123072. Here the watch breaks when the replica
falls behind, after the next event, and the one opened then brings what is newest and what follows.

Weather: a replica that falls behind while somebody writes, and catches up.
Caught by: `caches_equal_the_store`; mostly also `watch_is_reliable`, if the stream goes on.
The twin is the reference's own server: it hears of everything, late or not.
"""

from typing import Any

from reference_impl.apiserver.server import ApiServer
from reference_impl.store.port import StoreEvent
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.planes.notes import DEFINITION, copies, note


class WatchesAgainTooLate(ApiServer):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.broken = False

    def apply(self, event: StoreEvent) -> None:
        is_late = event.revision < self.store.revision
        if is_late and self.broken:
            return
        self.broken = is_late
        super().apply(event)


ENTRY = Entry(
    id="lost-in-the-cache",
    property="caches_equal_the_store",
    faults=("stale_read", "time_travel"),
    bug="https://github.com/kubernetes/kubernetes/issues/123072",
    tags=("unobserved state", "stale read"),
    wrong=copies,
    fixed=copies,
    wrong_plane={"apiserver": f"{__name__}:WatchesAgainTooLate"},
    manifests=(DEFINITION, note("shopping", line=4)),
    trial_options={"workload": [], "built_ins": "none"},
)
