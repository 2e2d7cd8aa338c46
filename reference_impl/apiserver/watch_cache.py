"""One replica's watch cache: the state and recent events of every resource, as of the newest event it was fed.

Whoever runs the replica feeds it (`apply`) and may do so late: that is all a lagging replica is. The cache answers
reads that allow staleness, and all watches. Events of a resource are kept in a bounded window; a watch that would start
before the window is refused with 410 Gone, as is one from before the store's compaction.

One revision covers all resources of a replica, as if etcd's progress notifications came with each event; in a real
server the cache of a quiet resource may be behind its neighbours (kubernetes#91073).

Sources: apiserver `storage/cacher/{cacher,watch_cache}.go`.
"""

from collections import deque
from collections.abc import Callable, Iterable

from reference_impl.apiserver.watch_stream import WatchStream
from reference_impl.errors import Gone, TooLargeResourceVersion
from reference_impl.protocol import JsonObject, WatchEvent
from reference_impl.store.port import Key, Store, StoreEvent, StoreUnavailable

WINDOW = 1000
"""Events kept per resource: in the range of kube-apiserver's dynamic watch cache sizes (100 to 102,400)."""


class ResourceCache:
    """State, window and streams of one resource."""

    __slots__ = ("_size", "_streams", "_window", "objects", "window_start")

    def __init__(self, start: int, window: int) -> None:
        self.objects: dict[Key, JsonObject] = {}
        self.window_start = start
        """Watches from this revision on can be served: all later events are in the window."""
        self._size = window
        self._window: deque[StoreEvent] = deque(maxlen=window)
        self._streams: dict[str, dict[WatchStream, None]] = {}

    def listed(self, namespace: str | None) -> list[JsonObject]:
        """Objects in key order."""
        objects = self.objects
        if namespace is None:
            return [objects[key] for key in sorted(objects)]
        return [objects[key] for key in sorted(key for key in objects if key[1] == namespace)]

    def apply(self, event: StoreEvent) -> None:
        if event.type == "DELETED":
            self.objects.pop(event.key, None)
        else:
            self.objects[event.key] = event.object
        window = self._window
        if len(window) == self._size:
            dropped = window.popleft()
            # Conservative where other resources' revisions lie between, exactly as `getAllEventsSinceLocked` is. The
            # dropped event may share its revision with the next one (etcd deletes a lease's keys all at once).
            self.window_start = max((window[0] if window else event).revision - 1, dropped.revision)
        window.append(event)
        if self._streams:
            self._deliver(event)

    def _deliver(self, event: StoreEvent) -> None:
        whole = WatchEvent(event.type, event.object, event.revision)
        # Copied: a sink may close its stream, or open another.
        if (everywhere := self._streams.get("")) is not None:
            for stream in tuple(everywhere):
                stream.offer(event, whole)
        namespace = event.key[1]
        if namespace and (here := self._streams.get(namespace)) is not None:
            for stream in tuple(here):
                stream.offer(event, whole)

    def since(self, revision: int) -> list[StoreEvent]:
        """Events in the window after `revision`, oldest first."""
        newer = []
        for event in reversed(self._window):
            if event.revision <= revision:
                break
            newer.append(event)
        newer.reverse()
        return newer

    def forget_before(self, revision: int) -> None:
        """Drop events up to `revision`: watches from before it are too old from now on."""
        while self._window and self._window[0].revision <= revision:
            self._window.popleft()
        self.window_start = max(self.window_start, revision)

    def recall(self, past: Iterable[StoreEvent], since: int) -> None:
        """Put events before those of the window: all after `since` that this cache was filled without."""
        kept = [*past, *self._window]
        dropped = len(kept) - self._size
        self.window_start = kept[dropped - 1].revision if dropped > 0 else since
        self._window = deque(kept, maxlen=self._size)

    def attach(self, stream: WatchStream) -> None:
        self._streams.setdefault(stream.namespace or "", {})[stream] = None

    def detach(self, stream: WatchStream) -> None:
        here = self._streams.get(stream.namespace or "")
        if here is not None:
            here.pop(stream, None)
            if not here:
                del self._streams[stream.namespace or ""]

    def streams(self) -> list[WatchStream]:
        return [stream for group in self._streams.values() for stream in group]


class WatchCache:
    """All resources of one replica.

    Args:
        store: where a cold cache is filled from, and whose compaction bounds watches.
        resources: names the resources to fill it with; others start empty when first met.
        window: events kept per resource.
    """

    __slots__ = ("_caches", "_filled_at", "_is_filled", "_resources", "_start", "_store", "_window_size", "revision")

    def __init__(self, store: Store, resources: Callable[[], list[str]], *, window: int = WINDOW) -> None:
        self._store = store
        self._resources = resources
        self._window_size = window
        self._caches: dict[str, ResourceCache] = {}
        self._start = self._filled_at = 0
        self.revision = 0
        """The newest store revision this replica knows."""
        self.rebuild()

    def rebuild(self) -> None:
        """Close all streams and start again from the store's present state, knowing nothing of the past.

        Raises StoreUnavailable: then the cache answers nothing until it has been rebuilt.
        """
        for stream in self.streams():
            stream.end()
        self._is_filled = False
        self._caches = {}
        self._start = self._filled_at = self.revision = self._store.revision
        for resource in self._resources():
            items = self._store.list(resource).items
            if items:
                objects = self._of(resource).objects
                for obj in items:
                    metadata = obj["metadata"]
                    objects[resource, metadata.get("namespace") or "", metadata["name"]] = obj
        self._is_filled = True

    def recall(self, since: int) -> None:
        """Take from the store's history what happened after `since` and before the cache was filled, so that watches
        can start there. Raises Compacted, and changes nothing then."""
        past: dict[str, deque[StoreEvent]] = {}
        for event in self._store.events(since):
            if event.revision > self._filled_at:
                break
            past.setdefault(event.key[0], deque(maxlen=self._window_size + 1)).append(event)
        self._start = min(self._start, since)
        for resource in {**self._caches, **past}:
            self._of(resource).recall(past.get(resource, ()), since)

    def of(self, resource: str) -> ResourceCache:
        """Raises StoreUnavailable after a rebuild that failed."""
        if not self._is_filled:
            raise StoreUnavailable("the watch cache is being filled; try again", definite=True)
        return self._of(resource)

    def _of(self, resource: str) -> ResourceCache:
        cache = self._caches.get(resource)
        if cache is None:
            cache = self._caches[resource] = ResourceCache(self._start, self._window_size)
        return cache

    def apply(self, event: StoreEvent) -> None:
        """Learn of the next event of the store. Events that a rebuild has overtaken are ignored; several may share one
        revision (etcd deletes a lease's keys all at once)."""
        if event.revision < self.revision or event.revision <= self._filled_at:
            return
        self.revision = event.revision
        cache = self._caches.get(event.key[0])
        if cache is None:
            cache = self._of(event.key[0])
        cache.apply(event)

    def require(self, revision: int) -> None:
        """Raises TooLargeResourceVersion if this replica has not got that far."""
        if self.revision < revision:
            raise TooLargeResourceVersion(revision, self.revision)

    def check_window(self, cache: ResourceCache, revision: int) -> None:
        """Raises Gone if events after `revision` are no longer all there."""
        oldest = max(cache.window_start, self._store.compacted_revision)
        if revision < oldest:
            raise Gone(f"too old resource version: {revision} ({oldest})")

    def forget_before(self, revision: int) -> None:
        """Narrow the window of every resource, as a busy server's does by itself."""
        self._start = max(self._start, revision)
        for cache in self._caches.values():
            cache.forget_before(revision)

    def streams(self) -> list[WatchStream]:
        """Open streams, by resource in the order first met, then in the order opened."""
        return [stream for cache in self._caches.values() for stream in cache.streams()]
