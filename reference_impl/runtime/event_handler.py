"""From an event on a watched object to requests in a controller's queue.

Old and new object both count: a changed owner reference enqueues the former owner too, and a map is asked about either.
Sources: controller-runtime `pkg/handler/{enqueue,enqueue_owner,enqueue_mapped}.go`, `pkg/predicate`.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable, iscoroutine, iscoroutinefunction

from reference_impl.objects import group_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime.contract import Controller, MapFunction, MapResult, Request, Watch
from reference_impl.runtime.informer import Handler, Informer
from reference_impl.runtime.signal import Signal

Enqueue = Callable[[Request], None]


def handler_for(
    watch: Watch, controller: Controller, *, enqueue: Enqueue, mapper: "Mapper", find_informer: "FindInformer"
) -> Handler:
    """What an informer calls for this watch.

    Args:
        enqueue: adds a request to the controller's queue.
        mapper: runs the maps that are async.
        find_informer: the informer behind another watch of the same controller.
    """
    # One event enqueues a key once, whether old or new object or both name it: a worker that waits takes the first, and
    # a second would cost a pass (controller-runtime `enqueue_owner.go`, `enqueue_mapped.go`: a set for each event).
    named: dict[Request, None] = {}
    enqueue_object: Callable[[JsonObject], None]
    if watch.map is not None:
        enqueue_object = _mapped(watch.map, lambda request: named.setdefault(request), mapper)
    elif watch.owner is not None:
        enqueue_object = _Owner(watch, controller, lambda request: named.setdefault(request), find_informer)
    else:
        enqueue_object = _itself(lambda request: named.setdefault(request))
    predicate = watch.predicate

    def handle(event_type: str, old: JsonObject | None, new: JsonObject | None) -> None:
        if predicate is not None and not predicate(event_type, old, new):
            return
        if old is not None:
            enqueue_object(old)
        if new is not None and new is not old:
            enqueue_object(new)
        requests = list(named)
        named.clear()
        for request in requests:
            enqueue(request)

    return handle


def _itself(enqueue: Enqueue) -> Callable[[JsonObject], None]:
    def enqueue_itself(obj: JsonObject) -> None:
        metadata = obj["metadata"]
        enqueue(Request(metadata.get("namespace") or None, metadata["name"]))

    return enqueue_itself


FindInformer = Callable[[Watch], Informer | None]


class _Owner:
    """Enqueues the owner, or owners, of one kind."""

    def __init__(self, watch: Watch, controller: Controller, enqueue: Enqueue, find_informer: FindInformer) -> None:
        self._watch = watch
        self._enqueue = enqueue
        self._find_informer = find_informer
        self._owner_watch = _watch_on_owner(watch, controller)
        api_version = watch.owner_api_version or (self._owner_watch.api_version if self._owner_watch else None)
        self._group = None if api_version is None else group_of(api_version)

    def __call__(self, obj: JsonObject) -> None:
        metadata = obj["metadata"]
        for reference in metadata.get("ownerReferences") or ():
            if reference["kind"] != self._watch.owner:
                continue
            if self._watch.controller_only and not reference.get("controller"):
                continue
            if self._group is None or group_of(reference["apiVersion"]) == self._group:
                name = reference["name"]
                self._enqueue(Request(self._namespace(metadata.get("namespace") or None, name), name))

    def _namespace(self, namespace: str | None, name: str) -> str | None:
        """An owner lives in its object's namespace, or is cluster-scoped."""
        if namespace is None or self._watch.owner_namespaced:
            return namespace
        if self._watch.owner_namespaced is not None:
            return None
        informer = self._find_informer(self._owner_watch) if self._owner_watch else None
        if informer is None or not informer.items:
            return namespace
        # All objects of a kind have the same scope, so any one tells.
        (any_namespace, _) = next(iter(informer.items))
        return namespace if any_namespace else None


def _watch_on_owner(watch: Watch, controller: Controller) -> Watch | None:
    group = None if watch.owner_api_version is None else group_of(watch.owner_api_version)
    for other in controller.watches:
        if other.kind == watch.owner and group in (None, group_of(other.api_version)):
            return other
    return None


def _mapped(function: MapFunction, enqueue: Enqueue, mapper: "Mapper") -> Callable[[JsonObject], None]:
    if iscoroutinefunction(function):

        def enqueue_later(obj: JsonObject) -> None:
            mapper.add(lambda: function(obj))

        return enqueue_later

    def enqueue_mapped(obj: JsonObject) -> None:
        requests = function(obj)
        if isawaitable(requests):
            awaitable = requests
            mapper.add(lambda: awaitable, awaitable)
        else:
            enqueue_all(requests, enqueue)

    return enqueue_mapped


def enqueue_all(requests: MapResult | Awaitable[MapResult], enqueue: Enqueue) -> None:
    """Enqueue what a map answered; None stands for nothing. Raises TypeError for what is not a collection of them."""
    if requests is None:
        return
    if isinstance(requests, Request) or not isinstance(requests, Iterable):
        raise TypeError(
            f"a Watch's map returned {requests!r}, which is no list: return [Request(namespace, name), ...]"
        )
    for request in requests:
        if not isinstance(request, Request):
            raise TypeError(f"a Watch's map returned {request!r} in its list: return Request(namespace, name) objects")
        enqueue(request)


class Mapper:
    """Runs one controller's async maps, one after the other, in the order of the events.

    An exception that leaves a map, an `ApiError` too, ends the process: the event would be lost otherwise, and nothing
    would bring it back.
    """

    def __init__(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._waiting: deque[tuple[Callable[[], Awaitable[MapResult]], object]] = deque()
        self._changed = Signal()
        self._busy = False

    @property
    def idle(self) -> bool:
        return not self._waiting and not self._busy

    def add(self, start: Callable[[], Awaitable[MapResult]], begun: object = None) -> None:
        """Queue a map. `begun`: a coroutine that exists already, to be closed if it never comes to run."""
        self._waiting.append((start, begun))
        self._changed.set()

    async def run(self) -> None:
        """For ever; raises what a map raises."""
        try:
            while True:
                while self._waiting:
                    self._busy = True
                    start, _ = self._waiting.popleft()
                    enqueue_all(await start(), self._enqueue)
                    self._busy = False
                self._changed.clear()
                await self._changed.wait()
        finally:
            for _, begun in self._waiting:
                if iscoroutine(begun):
                    begun.close()
