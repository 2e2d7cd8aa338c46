"""The API server: a passive object that answers one request at a time, synchronously.

Each behaviour lives in a file of its own; this one only routes. It has no threads, no waiting and no network: what is
put around it (a transport, a front end, a simulation) brings those, and feeds the watch cache. Several servers over one
store and one `KindRegistry` are the replicas of one cluster.

Not modelled: authentication, authorization and quota; `admission` is where variants hook in.

Source: Kubernetes API concepts.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from reference_impl.apiserver import (
    apply,
    binding,
    creation,
    custom_kinds,
    decoding,
    deletion,
    event_groups,
    eviction,
    listing,
    namespaces,
    reading,
    scale,
    tracking,
    update,
    watching,
    wording,
)
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.kind_rules import CRDS, NAMESPACES, PODS
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.reviewing import Review
from reference_impl.apiserver.watch_cache import WINDOW, WatchCache
from reference_impl.apiserver.watch_stream import Sink, WatchStream
from reference_impl.errors import BadRequest, NotImplementedByServer
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.lease import Leasing
from reference_impl.store.port import Compacted, Store, StoreEvent, StoreUnavailable

AdmissionHook = Callable[[ApiRequest, KindInfo, JsonObject | None], None]
"""May raise `Forbidden` (or any `ApiError`) to refuse a request; sees the body as sent, None if there is none."""

_RECALLED_MAX: Final = 10_000
"""Revisions looked at after a restart: arbitrary, a second's work."""
_POD_COMMANDS: Final = {"Binding": "binding", "Eviction": "eviction"}
_COMMAND_TYPES: Final = {"binding": "core.v1.Binding", "eviction": "policy.v1.Eviction"}


class ApiServer:
    """One replica.

    Args:
        store: the consistent core, shared by replicas.
        now: this replica's wall clock, aware and in UTC.
        random: source of uids and generated names.
        name: for reports.
        kinds: what is served, shared by replicas; CRDs found in the store are added.
        window: events the watch cache keeps per resource.
        track_on_create: record who owns which field (managedFields) from an object's creation on, as real servers do,
            and not only from its first server-side apply.
    """

    __slots__ = ("_cache", "_core", "_verbs", "admission", "name")

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], datetime],
        random: random.Random,
        name: str = "apiserver-0",
        kinds: KindRegistry,
        window: int = WINDOW,
        track_on_create: bool = False,
    ) -> None:
        kinds.load(store)
        self.name = name
        self.admission: list[AdmissionHook] = []
        """Asked in order about every request, reads included."""
        self._core = Core(store, kinds, now, random)
        self._core.after_commit = self._after_commit
        self._core.track_on_create = track_on_create
        self._cache = WatchCache(store, kinds.resources, window=window)
        self._verbs: dict[str, Callable[[ApiRequest, KindInfo], JsonObject]] = {
            "get": self._get,
            "list": self._list,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    @property
    def store(self) -> Store:
        return self._core.store

    @property
    def kinds(self) -> KindRegistry:
        return self._core.kinds

    @property
    def cache_revision(self) -> int:
        """The newest store revision that this replica's watch cache has been fed."""
        return self._cache.revision

    @property
    def on_commit(self) -> Callable[[ApiRequest, StoreEvent], None] | None:
        """Called synchronously after each commit with the request that caused it; None: nobody listens."""
        return self._core.on_commit

    @on_commit.setter
    def on_commit(self, callback: Callable[[ApiRequest, StoreEvent], None] | None) -> None:
        self._core.on_commit = callback

    # ------------------------------------------------------------------------------------------------------- requests

    def handle(self, request: ApiRequest) -> JsonObject:
        """Answer a request that is not a watch. The answer is shared: copy to change.

        Raises `ApiError` as Kubernetes would answer; `TooLargeResourceVersion` at once, where a transport should let
        the replica catch up for up to 3 s first.
        """
        try:
            if event_groups.is_newer(request):
                return event_groups.handle(self.handle, request, self._core.kinds.resolve(request.api_version, "Event"))
            return self._answer(request, self._admitted(request))
        except StoreUnavailable as error:
            raise wording.store_unavailable(error) from error

    def handle_reviewed(
        self,
        request: ApiRequest,
        review: Callable[[Review], JsonObject | None],
        *,
        random: random.Random,
        now: Callable[[], datetime],
    ) -> JsonObject:
        """Answer a request that admission webhooks are asked about, by `review`; `Undecided` passes through.

        `random` and `now` stand in for the server's: a request that is handled again must come to the same questions.
        """
        core = self._core
        kept = core.review, core.rng, core.now
        core.review, core.rng, core.now = review, random, now
        try:
            return self.handle(request)
        finally:
            core.review, core.rng, core.now = kept

    def open_watch(self, request: ApiRequest, sink: Sink) -> WatchStream:
        """Open a watch: `sink` gets its events, synchronously and in order, the initial ones before this returns.

        The stream's `close()` is for its client; set `on_closed` to hear that the server ended it. Raises `ApiError`
        (`Gone`, ...).
        """
        if event_groups.is_newer(request):
            request, sink = event_groups.watch(request, sink)
        try:
            return watching.open_watch(self._core, self._cache, request, self._admitted(request), sink)
        except StoreUnavailable as error:
            raise wording.store_unavailable(error) from error

    # ------------------------------------------------------------------------------------------------------ the replica

    def apply(self, event: StoreEvent) -> None:
        """Feed the watch cache with the next event of the store. Streams get it before this returns."""
        self._cache.apply(event)
        if event.key[0] == CRDS and event.type == "DELETED":
            for stream in self._cache.of(custom_kinds.resource_of(event.object)).streams():
                stream.end()

    def restart(self) -> None:
        """Lose the watch cache: all streams end, and the cache is filled again from the store as it is now."""
        self._cache.rebuild()

    def recall(self) -> None:
        """After a restart on a store that outlived it: let watches go on from before it, as far as history is kept.

        More than Kubernetes does: a real server's watch cache starts empty, and its clients get 410 Gone and list.
        """
        store = self._core.store
        newest = store.revision
        with suppress(Compacted):
            self._cache.recall(max(store.compacted_revision, newest - _RECALLED_MAX))

    def bookmarks(self) -> None:
        """Send a bookmark with the cache's revision on every stream that wants them."""
        for stream in self._cache.streams():
            stream.bookmark(self._cache.revision)

    def bookmark(self, stream: WatchStream) -> None:
        """Send a bookmark on one stream, if it wants them."""
        stream.bookmark(self._cache.revision)

    def streams(self) -> list[WatchStream]:
        return self._cache.streams()

    def forget_before(self, revision: int) -> None:
        """Drop the watch cache's events up to `revision`: watches from before it get 410 Gone."""
        self._cache.forget_before(revision)

    def expire_events(self) -> int:
        """Remove Events whose time to live (1 h) has passed on this replica's clock; answers how many."""
        store = self._core.store
        return store.expire(self._core.now().timestamp()) if isinstance(store, Leasing) else 0

    def resume(self) -> None:
        """Finish what takes several commits and was cut short. Raises StoreUnavailable."""
        custom_kinds.resume(self._core, self.name)

    def bootstrap(self) -> None:
        """Create the namespaces that every cluster has. Idempotent."""
        for name in namespaces.SYSTEM_NAMESPACES:
            if self._core.store.get((NAMESPACES, "", name)) is None:
                body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
                self.handle(ApiRequest(verb="create", api_version="v1", kind="Namespace", body=body, user=self.name))

    # -------------------------------------------------------------------------------------------------------- routing

    def _admitted(self, request: ApiRequest) -> KindInfo:
        if request.kind in _POD_COMMANDS and request.subresource in (None, _POD_COMMANDS[request.kind]):
            info = self._core.kinds.by_resource(PODS)
        else:
            info = self._core.kinds.resolve(request.api_version, request.kind)
        if self.admission:
            body = request.body if isinstance(request.body, dict) else None
            for hook in self.admission:
                hook(request, info, body)
        tracking.check_options(request)
        return info

    def _answer(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        if request.subresource:
            return self._handle_subresource(request, info)
        verb = self._verbs.get(request.verb)
        if verb is None:
            raise BadRequest(
                f"{request.verb!r} is not a verb that is answered with one object: use {', '.join(self._verbs)}, or "
                "open_watch for a watch"
            )
        return verb(request, info)

    def _handle_subresource(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        subresource, verb = request.subresource, request.verb
        if subresource not in info.subresources:
            raise wording.no_such_resource()
        if subresource in ("status", "finalize"):
            if verb in ("update", "patch") or (verb == "get" and subresource == "status"):
                return self._verbs[verb](request, info)
        elif subresource == "scale":
            if request.from_wire and verb == "update":
                decoding.check_types(info, request.body, name="autoscaling.v1.Scale")
            if verb == "get":
                return scale.get(self._core, self._cache, request, info)
            if verb in ("update", "patch"):
                return scale.write(self._core, request, info)
        elif subresource in ("binding", "eviction"):
            if verb == "create":
                if request.from_wire:
                    decoding.check_types(info, request.body, name=_COMMAND_TYPES[subresource])
                command = binding.bind if subresource == "binding" else eviction.evict
                return command(self._core, request, info)
        else:
            raise NotImplementedByServer(
                f"subresource {subresource!r} of {info.resource} is not implemented by this reference server"
            )
        raise wording.not_allowed(info, verb)

    def _get(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        return reading.get(self._core, self._cache, request, info)

    def _list(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        return listing.list_objects(self._core, self._cache, request, info)

    def _create(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        if request.kind in _POD_COMMANDS:
            if request.from_wire:
                decoding.check_types(info, request.body, name=_COMMAND_TYPES[_POD_COMMANDS[request.kind]])
            command = binding.bind if request.kind == "Binding" else eviction.evict
            return command(self._core, request, info)
        return creation.create(self._core, request, info)

    def _update(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        return update.update(self._core, request, info)

    def _patch(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        if request.patch_type == "apply":
            return apply.apply(self._core, request, info)
        return update.patch(self._core, request, info)

    def _delete(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        if self._core.review is not None:
            deletion.review(self._core, request, info)
        if info.resource == NAMESPACES:
            return namespaces.delete(self._core, request, info)
        if info.resource == CRDS:
            return custom_kinds.delete(self._core, request, info)
        return deletion.delete(self._core, request, info)

    def _delete_collection(self, request: ApiRequest, info: KindInfo) -> JsonObject:
        return deletion.delete_collection(self._core, request, info)

    def _after_commit(self, request: ApiRequest, event: StoreEvent) -> None:
        custom_kinds.after_commit(self._core, request, event)
