"""A shared informer: a local copy of a collection, kept up to date by a watch, and who is told of its changes.

The cache is updated by the synchronous `apply`, at the moment at which an event is delivered; handlers are told right
afterwards. Real client-go has a gap between the two (a channel for each listener), on which expectations depend:
`notify_delay_s` opens it. Two layers: the cache holds objects that are shared with the whole plane and never changed;
what `get`, `list`, `by_index` and `owned_by` return are the caller's own copies. Handlers, predicates and maps are
given the shared objects, as in client-go, and must not change them.

An event is applied whatever its revision, even one older than what the cache holds: client-go does not compare, and
that is how time travel gets into controllers. Source: client-go `tools/cache/{shared_informer,delta_fifo,store}.go`.
Not modelled: transformers, watch errors handlers, `MultiNamespacedCache`.
"""

from collections import deque
from collections.abc import Callable, Iterable

from reference_impl.environment import Environment
from reference_impl.objects import copy_stored
from reference_impl.protocol import JsonObject, WatchEvent
from reference_impl.runtime.reflector import Reflector
from reference_impl.runtime.signal import Signal

Handler = Callable[[str, JsonObject | None, JsonObject | None], None]
"""(event type, old, new): ADDED has no old; DELETED has no new, and its old is the last state known."""
IndexFunction = Callable[[JsonObject], Iterable[str]]
ItemKey = tuple[str, str]
"""(namespace or "", name)"""

Objects = list[JsonObject]

OWNER_INDEX = "owner-uid"


class Informer:
    """One collection: a kind, or its part in one namespace or under selectors.

    Started by the `InformerFactory` it comes from. All methods but `run` and `wait_synced` are synchronous.
    """

    def __init__(
        self,
        environment: Environment,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        labels: str | None = None,
        fields: str | None = None,
    ) -> None:
        self.environment = environment
        self.api_version = api_version
        self.kind = kind
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
        self.items: dict[ItemKey, JsonObject] = {}
        """The cache: shared objects, in the order in which they came."""
        self.last_revision = 0
        """The newest revision heard of, bookmarks included; 0 before the first list."""
        self.notify_delay_s: float | None = None
        """How long handlers are told after the cache has changed, in seconds of the process's clock; None: at once."""
        self.final_state_unknown = False
        """True while handlers are told of a deletion that a relist found out: the object may be out of date."""
        self._probe = environment.probe
        self._handlers: list[Handler] = []
        self._indexes: dict[str, tuple[IndexFunction, dict[str, dict[ItemKey, None]]]] = {}
        self._pending: deque[_Notification] = deque()
        self._synced = Signal()
        self._reflector = Reflector(self)
        self._failure: BaseException | None = None

    def __repr__(self) -> str:
        where = f" in {self.namespace}" if self.namespace else ""
        return f"<Informer {self.api_version} {self.kind}{where}, {len(self.items)} items at {self.last_revision}>"

    # --------------------------------------------------------------------------------------------------------- life

    async def run(self) -> None:
        """List and watch for ever. Raises what a handler raised: in a real process that panic would end it too."""
        await self._reflector.run()

    @property
    def synced(self) -> bool:
        """The first list is in the cache."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Return once the first list is in the cache."""
        await self._synced.wait()

    def relist(self) -> None:
        """Drop the stream and list again now. What happened in between is only seen as differences."""
        self._reflector.relist()

    def resync(self, handler: Handler | None = None) -> None:
        """Deliver every cached object again as MODIFIED with old = new: to one handler, or to all."""
        for obj in list(self.items.values()):
            if handler is None:
                self._notify("MODIFIED", obj, obj)
            else:
                self._call((handler,), "MODIFIED", obj, obj)

    # ------------------------------------------------------------------------------------------------------ readers

    def get(self, name: str, namespace: str | None = None) -> JsonObject | None:
        """The cached object, as a copy; None if the cache lacks it. A cluster-scoped kind ignores `namespace`."""
        self._probe.cache_read(self, namespace, name)
        obj: JsonObject | None = self.items.get((namespace or "", name)) or self.items.get(("", name))
        return copy_stored(obj) if obj is not None else None

    def list(self, namespace: str | None = None) -> Objects:
        """The cached objects, of one namespace or all, as copies, in no promised order."""
        self._probe.cache_read(self, namespace, None)
        return self.copies(obj for key, obj in self.items.items() if namespace is None or key[0] == namespace)

    def add_index(self, name: str, function: IndexFunction) -> None:
        """Keep an index: the function gives an object's values in it. A second call under one name changes nothing."""
        if name in self._indexes:
            return
        self._indexes[name] = (function, {})
        for key, obj in self.items.items():
            self._reindex(key, None, obj, only=name)

    def by_index(self, name: str, *values: str) -> Objects:
        """The cached objects with one of these values in the index, as copies, in no promised order."""
        self._probe.cache_read(self, None, None)
        index = self._indexes[name][1]
        keys = dict.fromkeys(key for value in values for key in index.get(value, ()))
        return self.copies(self.items[key] for key in keys)

    def owned_by(self, uid: str) -> Objects:
        """The cached objects with an owner reference to this uid, controlling or not, as copies."""
        self.add_index(OWNER_INDEX, owner_uids)
        return self.by_index(OWNER_INDEX, uid)

    def copies(self, objects: Iterable[JsonObject]) -> Objects:
        """Copies, in the order that informers promise: none, if the environment shuffles."""
        found = [copy_stored(obj) for obj in objects]
        if self.environment.shuffle is not None:
            self.environment.shuffle(found)
        return found

    # ----------------------------------------------------------------------------------------------------- handlers

    def add_handler(self, handler: Handler) -> Callable[[], None]:
        """Tell this function of every change, after those added before it; returns how to stop.

        What is in the cache already is delivered as ADDED at once, as client-go does for late handlers.
        """
        self._handlers = [*self._handlers, handler]
        for obj in list(self.items.values()):
            self._call((handler,), "ADDED", None, obj)

        def remove() -> None:
            self._handlers = [kept for kept in self._handlers if kept is not handler]

        return remove

    # -------------------------------------------------------------------------------------- what the reflector does

    def apply(self, event: WatchEvent) -> None:
        """Take in one event of the stream: cache first, handlers after."""
        if event.type == "DELETED":
            self._remove(_key_of(event.object), event.object)
        elif event.type != "BOOKMARK":
            self._put(event.object)
        self.last_revision = event.revision

    def replace(self, items: Iterable[JsonObject], revision: int) -> None:
        """Take in a list: everything listed is an add or an update (even if unchanged), what is missing is deleted."""
        listed: dict[ItemKey, None] = {}
        for obj in items:
            listed[_key_of(obj)] = None
            self._put(obj)
        for key in [key for key in self.items if key not in listed]:
            self._remove(key, self.items[key], final_state_unknown=True)
        self.last_revision = revision
        self._synced.set()

    def raise_failure(self) -> None:
        """Raise what a handler raised, if one did."""
        if self._failure is not None:
            raise self._failure

    def _put(self, obj: JsonObject) -> None:
        key = _key_of(obj)
        old = self.items.get(key)
        self.items[key] = obj
        if self._indexes:
            self._reindex(key, old, obj)
        self._probe.cache_changed(self, key[0] or None, key[1], obj)
        self._notify("ADDED" if old is None else "MODIFIED", old, obj)

    def _remove(self, key: ItemKey, last: JsonObject, *, final_state_unknown: bool = False) -> None:
        old = self.items.pop(key, None)
        if old is None:
            return  # A relist has reported this deletion already (client-go DeltaFIFO.Delete).
        if self._indexes:
            self._reindex(key, old, None)
        self._probe.cache_changed(self, key[0] or None, key[1], None)
        self._notify("DELETED", last, None, final_state_unknown=final_state_unknown)

    def _reindex(self, key: ItemKey, old: JsonObject | None, new: JsonObject | None, only: str | None = None) -> None:
        for name, (function, index) in self._indexes.items():
            if only is not None and name != only:
                continue
            before = list(function(old)) if old is not None else []
            after = list(function(new)) if new is not None else []
            if before == after:
                continue
            for value in before:
                keys = index.get(value, {})
                keys.pop(key, None)
                if not keys:
                    index.pop(value, None)
            for value in after:
                index.setdefault(value, {})[key] = None

    # ------------------------------------------------------------------------------------------------- notification

    def _notify(
        self, event_type: str, old: JsonObject | None, new: JsonObject | None, *, final_state_unknown: bool = False
    ) -> None:
        if self.notify_delay_s is None and not self._pending:
            self._call(self._handlers, event_type, old, new, final_state_unknown)
            return
        notification = _Notification(event_type, old, new, final_state_unknown)
        self._pending.append(notification)
        if self.notify_delay_s is None:
            notification.due = True
            return

        def become_due() -> None:
            notification.due = True
            self.deliver_pending(only_due=True)

        self.environment.clock.call_later(self.notify_delay_s, become_due)

    def deliver_pending(self, *, only_due: bool = False) -> None:
        """Tell handlers now what they have not been told yet, in order. `only_due`: stop at the first whose delay is
        not over, since one listener's notifications never overtake each other."""
        while self._pending and (self._pending[0].due or not only_due):
            told = self._pending.popleft()
            self._call(self._handlers, told.event_type, told.old, told.new, told.final_state_unknown)

    def _call(
        self,
        handlers: Iterable[Handler],
        event_type: str,
        old: JsonObject | None,
        new: JsonObject | None,
        final_state_unknown: bool = False,
    ) -> None:
        self.final_state_unknown = final_state_unknown
        try:
            for handler in handlers:
                handler(event_type, old, new)
        except Exception as error:
            # Whoever delivers an event is not to blame for what its receiver does: the process fails, not the sender.
            self._failure = self._failure or error
            self._reflector.wake()
        finally:
            self.final_state_unknown = False


class _Notification:
    __slots__ = ("due", "event_type", "final_state_unknown", "new", "old")

    def __init__(
        self, event_type: str, old: JsonObject | None, new: JsonObject | None, final_state_unknown: bool
    ) -> None:
        self.event_type = event_type
        self.old = old
        self.new = new
        self.final_state_unknown = final_state_unknown
        self.due = False


def _key_of(obj: JsonObject) -> ItemKey:
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def owner_uids(obj: JsonObject) -> list[str]:
    """The uids of all owner references: what `OWNER_INDEX` is over."""
    return [reference["uid"] for reference in obj["metadata"].get("ownerReferences") or ()]
