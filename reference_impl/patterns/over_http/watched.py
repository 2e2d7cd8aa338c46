"""State watch of any Kubernetes API server, as a client sees it: ConfigMaps, lists, and one connection for each watch.

Compaction and bookmarks are the server's business: who can bring them about by another way than the API says how, and
the promises about them are tried; else they are not. What waits for a reader lies in buffers of three programs, so how
much that is at most cannot be said here (`buffered_max`); `tests/benchmarks/watchers.py` measures it.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from reference_impl.patterns.over_http.access import Access
from reference_impl.patterns.over_http.client import LineStream
from reference_impl.patterns.over_http.space import TOLD_WITHIN_S, Lost, Space, revision
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Compacted, Key, Page, RevisionMismatch, StoreEvent


class ApiServerWatch:
    """`StateWatch`. Revisions are the server's own.

    Args:
        compacted_by: compacts the server's store at a resourceVersion.
        bookmarks_by: makes the server send bookmarks now.
    """

    def __init__(
        self,
        access: Access,
        *,
        compacted_by: Callable[[int], None] | None = None,
        bookmarks_by: Callable[[], None] | None = None,
    ) -> None:
        self.space = Space(access)
        self.progress = bookmarks_by
        self.compact: Callable[[int], None] | None = None
        if compacted_by is not None:
            self._compacted_by = compacted_by
            self.compact = self._compact
        self._compacted = 0

    @property
    def revision(self) -> int:
        return self.space.revision()

    @property
    def requests(self) -> int:
        return self.space.client.requests

    def list(self, resource: str, namespace: str | None = None) -> Page:
        answer = self.space.client.ask("GET", self.space.path(namespace), labelSelector=self.space.selector)
        items = [self.seen({"apiVersion": "v1", "kind": "ConfigMap", **item}) for item in answer["items"]]
        return Page(items, revision(answer), 0, None)

    def put(self, key: Key, obj: JsonObject) -> StoreEvent:
        written = self.space.put(self.space.client, key, obj, None)
        assert not isinstance(written, Lost), "it expected nothing"
        return StoreEvent(revision(written), "WRITTEN", key, self.seen(written), None)

    def delete(self, key: Key) -> StoreEvent:
        deleted = self.space.delete(self.space.client, key, None)
        if isinstance(deleted, Lost):
            raise RevisionMismatch(key, 0, None)
        return StoreEvent(revision(deleted), "DELETED", key, self.seen(deleted), None)

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> "OneWatch":
        """Raises Compacted: a server says it in the stream, so it is waited for where it is due."""
        stream = self.space.client.watch(
            self.space.path(namespace),
            resourceVersion=since,
            labelSelector=self.space.selector,
            allowWatchBookmarks="true" if bookmarks and self.progress is not None else None,
        )
        watch = OneWatch(stream, self.event)
        if since < self._compacted and watch.is_refused(TOLD_WITHIN_S):
            watch.close()
            raise Compacted(since, self._compacted)
        return watch

    def close(self) -> None:
        self.space.close()

    def event(self, told: JsonObject) -> StoreEvent:
        """A line of a watch."""
        obj = told["object"]
        if told["type"] == "BOOKMARK":
            return StoreEvent(revision(obj), "BOOKMARK", ("", "", ""), {}, None)
        return StoreEvent(revision(obj), told["type"], self.space.key(obj), self.seen(obj), None)

    def seen(self, obj: JsonObject) -> JsonObject:
        """The object whole, but in the contract's namespace."""
        return {**obj, "metadata": {**obj["metadata"], "namespace": self.space.key(obj)[1]}}

    def _compact(self, at: int) -> None:
        self._compacted_by(at)
        self._compacted = at


class OneWatch:
    """`OpenWatch`: a thread reads the one connection that it has."""

    def __init__(self, stream: LineStream, event: Callable[[JsonObject], StoreEvent]) -> None:
        self.is_cut = False
        self._is_gone = False
        self._stream = stream
        self._event = event
        self._failure: Exception | None = None
        self._came = threading.Condition()
        self._waiting: deque[StoreEvent] = deque()
        stream.patience(None)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def is_refused(self, wait_s: float) -> bool:
        """Was the first thing that came an ERROR 410 (`watchCache` too old resource version)?"""
        with self._came:
            self._came.wait_for(lambda: self._waiting or self.is_cut, wait_s)
        return self._is_gone

    def read(self, wait_s: float = 0.0) -> Sequence[StoreEvent]:
        with self._came:
            self._came.wait_for(lambda: self._waiting or self.is_cut, wait_s)
            events = list(self._waiting)
            self._waiting.clear()
            if self._failure is not None and not events:
                raise self._failure
        return events

    def close(self) -> None:
        self._stream.hang_up()
        self._thread.join(TOLD_WITHIN_S)
        self._stream.close()

    def _listen(self) -> None:
        try:
            for told in self._stream.events():
                if told["type"] == "ERROR":
                    self._is_gone = told["object"].get("code") == 410
                    break
                event = self._event(told)
                with self._came:
                    self._waiting.append(event)
                    self._came.notify()
        # Raised where it is read: what a server sends may be anything.
        except Exception as error:
            self._failure = error
        with self._came:
            self.is_cut = True
            self._came.notify()
