"""What every behaviour of the API server shares: the store, the kinds, the clock, and the one place that commits.

All effective writes go through `Core.put` and `Core.remove`, so whoever listens on `on_commit` learns of each change
with the request that caused it, also of those a request causes on the side (a disruption budget's count at an
eviction, the instances of a deleted CustomResourceDefinition).
"""

import random
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from reference_impl.apiserver import names, wording
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.kinds import KindInfo
from reference_impl.objects import is_deleting
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.lease import LeaseNotFound, Leasing
from reference_impl.store.port import Key, RevisionMismatch, Store, StoreEvent

if TYPE_CHECKING:
    from reference_impl.apiserver.reviewing import Review

EVENT_TTL_S = 3600.0
"""kube-apiserver --event-ttl."""
EVENT_LEASE_REUSE_S = 60.0
"""etcd3 lease manager `LeaseReuseDurationSeconds`: Events of one minute share a lease."""


class Core:
    """The state that handlers work on.

    Args:
        store: the consistent core.
        kinds: shared by all replicas of one cluster.
        now: this replica's wall clock.
        rng: for uids and generated names.
    """

    __slots__ = (
        "_event_lease", "_event_lease_granted_s", "after_commit", "kinds", "now", "on_commit", "review", "rng",
        "store", "track_on_create",
    )  # fmt: skip

    def __init__(self, store: Store, kinds: KindRegistry, now: Callable[[], datetime], rng: random.Random) -> None:
        self.store = store
        self.kinds = kinds
        self.now = now
        self.rng = rng
        self.on_commit: Callable[[ApiRequest, StoreEvent], None] | None = None
        self.after_commit: Callable[[ApiRequest, StoreEvent], None] | None = None
        """The server's own follow-up (custom kinds come and go); runs after `on_commit`."""
        self.review: Callable[[Review], JsonObject | None] | None = None
        """Asks admission webhooks, while a request is handled that they are asked about (`reviewing.py`)."""
        self.track_on_create = False
        """Record who owns which field from an object's creation, not only from its first server-side apply."""
        self._event_lease: int | None = None
        self._event_lease_granted_s = 0.0

    def timestamp(self) -> str:
        return names.timestamp(self.now())

    def existing(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        """The object the request names, as it is in the store. Raises NotFound."""
        if not request.name:
            raise wording.not_found(info, "")
        obj = self.store.get(key_of(info, request.namespace, request.name))
        if obj is None:
            raise wording.not_found(info, request.name)
        return obj

    def put(
        self,
        request: ApiRequest,
        info: KindInfo,
        obj: JsonObject,
        *,
        old: JsonObject | None,
        lease: int | None = None,
    ) -> JsonObject:
        """Commit `obj` over `old` (None: it must not exist) and answer what was stored.

        The object is owned by the store from now on. Raises Conflict, AlreadyExists. Under dry run nothing happens.
        """
        if request.dry_run:
            return obj
        metadata = obj["metadata"]
        key = key_of(info, metadata.get("namespace"), metadata["name"])
        expected = int(old["metadata"]["resourceVersion"]) if old is not None else 0
        try:
            event = self.store.put(key, obj, expected=expected, lease=lease)
        except RevisionMismatch as lost:
            raise self._lost(info, key[2], old, lost) from None
        self._committed(request, event)
        return event.object

    def remove(self, request: ApiRequest, info: KindInfo, old: JsonObject) -> JsonObject:
        """Commit the removal of `old` and answer its last state. Raises Conflict, NotFound. Not under dry run."""
        if request.dry_run:
            return old
        metadata = old["metadata"]
        key = key_of(info, metadata.get("namespace"), metadata["name"])
        try:
            event = self.store.delete(key, expected=int(metadata["resourceVersion"]))
        except RevisionMismatch as lost:
            raise self._lost(info, key[2], old, lost) from None
        self._committed(request, event)
        return event.object

    def event_lease(self) -> int | None:
        """The lease that a new Event's key hangs on; None if the store has no leases."""
        if not isinstance(self.store, Leasing):
            return None
        now_s = self.now().timestamp()
        lease = self._event_lease
        if lease is not None and now_s < self._event_lease_granted_s + EVENT_LEASE_REUSE_S:
            try:
                # A lease of the minute before must not cut an Event's life short: it is renewed as it is reused.
                self.store.keep_alive(lease, now_s)
                return lease
            except LeaseNotFound:
                pass
        self._event_lease = self.store.grant(EVENT_TTL_S, now_s=now_s)
        self._event_lease_granted_s = now_s
        return self._event_lease

    def _committed(self, request: ApiRequest, event: StoreEvent) -> None:
        if self.on_commit is not None:
            self.on_commit(request, event)
        if self.after_commit is not None:
            self.after_commit(request, event)

    def _lost(self, info: KindInfo, name: str, old: JsonObject | None, lost: RevisionMismatch) -> Exception:
        # One process, synchronous: only a store that answers with the past can get here.
        if old is None and lost.current is not None:
            return wording.already_exists(info, name, is_deleting=is_deleting(lost.current))
        if lost.current is None:
            return wording.not_found(info, name)
        return wording.conflict(info, name)


def key_of(info: KindInfo, namespace: str | None, name: str) -> Key:
    return (info.resource, (namespace or "") if info.namespaced else "", name)
