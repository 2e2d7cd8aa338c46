"""One open watch: what of the replica's events its client gets to see.

A selector turns changes into what they mean for the selection: an object that begins to match is ADDED, one that stops
matching is DELETED (its last matching state, at the revision of the change). Streams never reorder and never repeat;
they skip what their client has said it knows.

Sources: Kubernetes API concepts (watch, bookmarks, streaming lists); apiserver `cacher/cache_watcher.go`
convertToWatchEvent.
"""

from collections.abc import Callable
from typing import Final

from reference_impl.apiserver.crd import convert
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject, WatchEvent
from reference_impl.store.port import StoreEvent

INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"
Sink = Callable[[WatchEvent], None]


class WatchStream:
    """The server's end of a watch.

    Args:
        info: kind and version that events are shown in.
        namespace: None for all.
        selects: None for everything.
        after: only events of later revisions are sent.
        wants_bookmarks: whether `bookmark` sends anything.
    """

    __slots__ = (
        "_api_version", "_detach", "_selects", "_sink", "after", "info", "namespace", "on_closed", "open",
        "wants_bookmarks",
    )  # fmt: skip

    def __init__(
        self,
        info: KindInfo,
        namespace: str | None,
        selects: Callable[[JsonObject], bool] | None,
        sink: Sink,
        *,
        after: int,
        wants_bookmarks: bool,
        detach: "Callable[[WatchStream], None]",
    ) -> None:
        self.info = info
        self.namespace = namespace
        self.after = after
        self.wants_bookmarks = wants_bookmarks
        self.open = True
        self.on_closed: Callable[[], None] | None = None
        """Called once when the *server* ends the stream; not when its client closes it."""
        self._api_version = info.api_version if info.crd is not None else None
        self._selects = selects
        self._sink = sink
        self._detach = detach

    def close(self) -> None:
        """The client hangs up. Idempotent."""
        if self.open:
            self.open = False
            self._detach(self)

    def end(self) -> None:
        """The server hangs up (restart, timeout, the kind is gone). Idempotent."""
        if self.open:
            self.close()
            if self.on_closed is not None:
                self.on_closed()

    def initial(self, obj: JsonObject) -> None:
        """A synthetic ADDED for an object of the initial state."""
        if self._selects is None or self._selects(obj):
            self._send("ADDED", obj, int(obj["metadata"]["resourceVersion"]))

    def offer(self, event: StoreEvent, whole: WatchEvent | None = None) -> None:
        """An event of this resource in this namespace. `whole`: the same for streams that select nothing, made once."""
        if event.revision <= self.after or not self.open:
            return
        selects = self._selects
        if selects is None:
            if whole is not None and self._api_version is None:
                self._sink(whole)
            else:
                self._send(event.type, event.object, event.revision)
            return
        previous = event.previous
        was = previous is not None and selects(previous)
        if event.type != "DELETED" and selects(event.object):
            self._send("MODIFIED" if was else "ADDED", event.object, event.revision)
        elif was and previous is not None:
            gone = event.object if event.type == "DELETED" else _at_revision(previous, event.revision)
            self._send("DELETED", gone, event.revision)

    def bookmark(self, revision: int, *, ends_initial_events: bool = False) -> None:
        """Tell the client that it has seen everything up to `revision`; nothing if it did not ask to be told."""
        if not self.wants_bookmarks or not self.open or revision < self.after:
            return
        metadata: JsonObject = {"resourceVersion": str(revision), "creationTimestamp": None}
        if ends_initial_events:
            metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
        obj = {"kind": self.info.kind, "apiVersion": self.info.api_version, "metadata": metadata}
        self._sink(WatchEvent("BOOKMARK", obj, revision))

    def _send(self, event_type: str, obj: JsonObject, revision: int) -> None:
        if self._api_version is not None and obj["apiVersion"] != self._api_version:
            obj = convert(obj, self.info)
        self._sink(WatchEvent(event_type, obj, revision))


def _at_revision(obj: JsonObject, revision: int) -> JsonObject:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
