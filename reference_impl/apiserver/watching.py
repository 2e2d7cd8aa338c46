"""Opening a watch: where it starts, and what it is told first.

- resourceVersion unset: the most recent state as synthetic ADDED events, then what follows.
- "0": the same from this replica's cache, however old that is.
- n: only what follows n. A replica that has not reached n makes the client wait; 410 Gone if n is too old.
- sendInitialEvents: the state first (not older than n), then a bookmark that says so.

Source: Kubernetes API concepts ("Semantics for watch", streaming lists, KEP-3157).
"""

from reference_impl.apiserver.core import Core
from reference_impl.apiserver.listing import selection
from reference_impl.apiserver.resource_version import parse_revision, validate_watch
from reference_impl.apiserver.watch_cache import WatchCache
from reference_impl.apiserver.watch_stream import Sink, WatchStream
from reference_impl.errors import TooLargeResourceVersion
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject


def open_watch(core: Core, watch_cache: WatchCache, request: ApiRequest, info: KindInfo, sink: Sink) -> WatchStream:
    """Open a stream; its initial events are delivered before this returns.

    Raises BadRequest, Gone, Invalid, TooLargeResourceVersion (initial events of a revision that has not happened).
    """
    validate_watch(request)
    asked = parse_revision(request.resource_version)
    cache = watch_cache.of(info.resource)
    namespace = request.namespace if info.namespaced else None
    initial: list[JsonObject] = []
    if asked and not request.send_initial_events:
        watch_cache.check_window(cache, asked)
        after = asked
    else:
        after, initial = _initial_state(core, watch_cache, info, namespace, asked)
    stream = WatchStream(
        info,
        namespace or None,
        selection(request, info),
        sink,
        after=after,
        wants_bookmarks=request.allow_bookmarks,
        detach=cache.detach,
    )
    for obj in initial:
        stream.initial(obj)
    if request.send_initial_events:
        stream.bookmark(after, ends_initial_events=True)
    for event in cache.since(after):
        if not namespace or event.key[1] == namespace:
            stream.offer(event)
    if stream.open:
        cache.attach(stream)
    return stream


def _initial_state(
    core: Core, watch_cache: WatchCache, info: KindInfo, namespace: str | None, asked: int | None
) -> tuple[int, list[JsonObject]]:
    """Revision and objects to begin with. The cache serves what it can, the store what must be newer."""
    if asked == 0 or (asked and asked <= watch_cache.revision):
        return watch_cache.revision, watch_cache.of(info.resource).listed(namespace or None)
    if asked and asked > core.store.revision:
        raise TooLargeResourceVersion(asked, core.store.revision)
    page = core.store.list(info.resource, namespace or None)
    return page.revision, page.items
