"""Unobserved state: an API server that drops events when the buffer of a stream is full, and says nothing.

The bug: a server that has much to send at once keeps what its watchers' buffers hold, and throws the rest away. Nobody
brings these streams up to date later: the watchers go on as if nothing had been between. Real case: etcd#17529, events
lost under stream starvation. Here a buffer holds one event of a burst; the newest one comes when there is room again.

Weather: a replica that falls behind while somebody writes, and catches up.
Caught by: `watch_is_reliable`.
The twin is the reference's own server.
"""

from typing import Any

from reference_impl.apiserver.server import ApiServer
from reference_impl.store.port import StoreEvent
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.planes.notes import DEFINITION, copies, note


class DropsWhatDoesNotFit(ApiServer):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.full = False

    def apply(self, event: StoreEvent) -> None:
        more_waits = event.revision < self.store.revision
        cache = self._cache.of(event.key[0])
        starved = cache.streams() if more_waits and self.full else []
        self.full = more_waits
        for stream in starved:
            cache.detach(stream)
        super().apply(event)
        for stream in starved:
            cache.attach(stream)


ENTRY = Entry(
    id="starved-stream",
    property="watch_is_reliable",
    faults=("stale_read", "time_travel"),
    bug="https://github.com/etcd-io/etcd/issues/17529",
    tags=("unobserved state", "stale read"),
    wrong=copies,
    fixed=copies,
    wrong_plane={"apiserver": f"{__name__}:DropsWhatDoesNotFit"},
    manifests=(DEFINITION, note("shopping", line=5)),
    trial_options={"workload": [], "built_ins": "none"},
)
