"""State watch, twice: a store's subscriptions, and an API server's watches, as streams that a client reads when it
likes.

What waits for a reader is bounded: the stream is cut when one event more comes, as the HTTP front does by bytes
(`apiserver/http/watching.py`). Nobody waits for a reader, so a slow one costs the others nothing.
"""

import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import Gone, NotFound
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Compacted, Key, Page, Store, StoreEvent

BUFFERED_MAX: Final = 8
"""Arbitrary, and small: a contract floods it often."""


class Stream:
    """The client's end of a watch: what waits for it, up to a bound."""

    def __init__(self, buffered_max: int) -> None:
        self.is_cut = False
        self.hang_up: Callable[[], None] = lambda: None
        """Tells the server that nobody listens any more."""
        self._buffered_max: int | None = None
        self._bound = buffered_max
        self._waiting: deque[StoreEvent] = deque()

    def opened(self) -> None:
        """What was asked for at the start has come: what comes from here on is bounded."""
        self._buffered_max = max(self._bound, len(self._waiting))

    def deliver(self, event: StoreEvent) -> None:
        if self.is_cut:
            return
        if self._buffered_max is not None and len(self._waiting) >= self._buffered_max:
            self.is_cut = True
            self.hang_up()
            return
        self._waiting.append(event)

    def read(self, wait_s: float = 0.0) -> list[StoreEvent]:
        """What has come. There is nothing to wait for: a write has been delivered when it returns."""
        events = list(self._waiting)
        self._waiting.clear()
        self._buffered_max = self._bound
        return events

    def close(self) -> None:
        self.hang_up()
        self._waiting.clear()


class WatchedStore:
    """Any store of this project as a `StateWatch`."""

    def __init__(self, store: Store | None = None, *, buffered_max: int = BUFFERED_MAX) -> None:
        self.store: Store = MemoryStore() if store is None else store
        self.buffered_max = buffered_max
        self._asked_for_bookmarks: list[Stream] = []

    @property
    def revision(self) -> int:
        return self.store.revision

    def list(self, resource: str, namespace: str | None = None) -> Page:
        return self.store.list(resource, namespace)

    def put(self, key: Key, obj: JsonObject) -> StoreEvent:
        return self.store.put(key, obj)

    def delete(self, key: Key) -> StoreEvent:
        return self.store.delete(key)

    def compact(self, revision: int) -> None:
        self.store.compact(revision)

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> Stream:
        """Raises Compacted."""
        stream = Stream(self.buffered_max)

        def offer(event: StoreEvent) -> None:
            if event.key[0] == resource and namespace in (None, event.key[1]):
                stream.deliver(event)

        for event in self.store.events(since):
            offer(event)
        stream.opened()
        stop = self.store.subscribe(offer)

        def hang_up() -> None:
            stop()
            if stream in self._asked_for_bookmarks:
                self._asked_for_bookmarks.remove(stream)

        stream.hang_up = hang_up
        if bookmarks:
            self._asked_for_bookmarks.append(stream)
        return stream

    def progress(self) -> None:
        """A bookmark for everyone who wants one: events are delivered as they are committed, so all have been."""
        for stream in tuple(self._asked_for_bookmarks):
            stream.deliver(_bookmark(self.store.revision))

    def close(self) -> None:
        """Closes the store, if it can be closed."""
        close = getattr(self.store, "close", None)
        if close is not None:
            close()


class WatchedServer:
    """An API server in this process, with its watch cache, as a `StateWatch` of ConfigMaps."""

    def __init__(self, store: Store | None = None, *, buffered_max: int = BUFFERED_MAX) -> None:
        self.store: Store = MemoryStore() if store is None else store
        self.buffered_max = buffered_max
        self.requests = 0
        kinds = KindRegistry()
        # A clock that stands still, and randomness from a seed: two runs of one schedule are the same.
        self.server = ApiServer(
            self.store, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), random=random.Random(0), kinds=kinds
        )
        self.store.subscribe(self.server.apply)
        self.server.bootstrap()
        self._committed: list[StoreEvent] = []
        self.server.on_commit = lambda _, event: self._committed.append(event)
        for namespace in ("a", "b"):
            self._ask("create", body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})

    @property
    def revision(self) -> int:
        return self.store.revision

    def list(self, resource: str, namespace: str | None = None) -> Page:
        answer = self._ask("list", namespace=namespace)
        return Page(answer["items"], int(answer["metadata"]["resourceVersion"]), 0, None)

    def put(self, key: Key, obj: JsonObject) -> StoreEvent:
        try:
            self._ask("update", namespace=key[1], name=key[2], body=obj)
        except NotFound:
            self._ask("create", namespace=key[1], body=obj)
        return self._committed[-1]

    def delete(self, key: Key) -> StoreEvent:
        self._ask("delete", namespace=key[1], name=key[2])
        return self._committed[-1]

    def compact(self, revision: int) -> None:
        self.store.compact(revision)
        self.server.forget_before(revision)

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> Stream:
        """Raises Compacted."""
        self.requests += 1
        stream = Stream(self.buffered_max)
        request = ApiRequest(
            verb="watch",
            api_version="v1",
            kind="ConfigMap",
            namespace=namespace,
            resource_version=str(since),
            allow_bookmarks=bookmarks,
        )

        def sink(event: WatchEvent) -> None:
            metadata = event.object["metadata"]
            key = (resource, metadata.get("namespace", ""), metadata.get("name", ""))
            stream.deliver(StoreEvent(event.revision, event.type, key, event.object, None))

        try:
            opened = self.server.open_watch(request, sink)
        except Gone as error:
            raise Compacted(since, self.store.compacted_revision) from error
        stream.hang_up = opened.close
        stream.opened()
        return stream

    def progress(self) -> None:
        self.server.bookmarks()

    def close(self) -> None:
        """Closes the store, if it can be closed."""
        close = getattr(self.store, "close", None)
        if close is not None:
            close()

    def _ask(
        self, verb: str, *, namespace: str | None = None, name: str | None = None, body: JsonObject | None = None
    ) -> JsonObject:
        self.requests += 1
        kind = body["kind"] if body is not None else "ConfigMap"
        request = ApiRequest(verb=verb, api_version="v1", kind=kind, namespace=namespace, name=name, body=body)
        return self.server.handle(request)


def _bookmark(revision: int) -> StoreEvent:
    return StoreEvent(revision, "BOOKMARK", ("", "", ""), {}, None)
