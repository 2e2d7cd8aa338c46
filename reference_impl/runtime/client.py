"""What a controller holds in its hand: reads, writes, watches, its clock and its randomness.

Reads of a kind that this process watches come from the informer cache and may be stale, as controller-runtime's
delegating client reads; `live` always asks an API server. Nothing is retried here: retrying is the queue's business.
Objects handed in are copied before they travel, objects handed out are the caller's own: nobody shares with the plane.

Source: controller-runtime `pkg/client`, client-go `rest`. Not modelled: client-side rate limits (QPS, burst), which
shape timing and nothing else.
"""

import random
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reference_impl.environment import Environment
from reference_impl.errors import BadRequest
from reference_impl.objects import copy_json, copy_stored
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject
from reference_impl.runtime.event_recorder import EventRecorder
from reference_impl.runtime.informer_factory import InformerFactory
from reference_impl.runtime.reader import CachedReader, LiveReader
from reference_impl.runtime.watch_stream import WatchStream

_OF_PODS = frozenset({"binding", "eviction"})
"""Subresources of Pods whose bodies are objects of another kind that name the pod."""


class Client:
    """The API of one process. All verbs are async and raise `ApiError`; none retries.

    Args:
        environment: the process's transport, clock and randomness.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.name = environment.name
        self.instance = environment.instance
        self.random: random.Random = environment.random
        self.informers = InformerFactory(environment)
        self.live = LiveReader(environment)
        self._cached = CachedReader(environment, self.informers)
        self._recorder = EventRecorder(environment)

    # -------------------------------------------------------------------------------------------------------- reads

    async def get(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, *, subresource: str | None = None
    ) -> JsonObject:
        """One object: from the informer cache if this process watches the kind (once it has synced), else live.

        Raises `NotFound`. A subresource is always read live.
        """
        if subresource is None:
            informer = self.informers.covering(api_version, kind, namespace)
            if informer is not None:
                return await self._cached.get(informer, name, namespace)
        return await self.live.get(api_version, kind, name, namespace, subresource=subresource)

    async def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
    ) -> list[JsonObject]:
        """The items of a collection, from the cache as in `get`, in no promised order. Selectors as in kubectl."""
        informer = self.informers.covering(api_version, kind, namespace, labels=labels, fields=fields)
        if informer is not None:
            return await self._cached.list(informer, namespace, labels=labels, fields=fields)
        body = await self.live.list(api_version, kind, namespace, labels=labels, fields=fields)
        items: list[JsonObject] = body["items"]
        return items

    def watch(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        resource_version: str | None = None,
        allow_bookmarks: bool = False,
        send_initial_events: bool = False,
        labels: str | None = None,
        fields: str | None = None,
        timeout_s: float | None = None,
        raw: bool = False,
    ) -> "WatchStream":
        """A raw watch: `async for event in client.watch(...)` yields `{"type": ..., "object": ...}`.

        Opens at the first step, ends when the server closes it, raises `Gone` (or what else an ERROR event says) and
        `ConnectionLost`; `raw=True` yields ERROR and BOOKMARK as events. Close early with `contextlib.aclosing`.
        """
        request = ApiRequest(
            verb="watch",
            api_version=api_version,
            kind=kind,
            namespace=namespace,
            resource_version=resource_version,
            resource_version_match="NotOlderThan" if send_initial_events else None,
            allow_bookmarks=allow_bookmarks or send_initial_events,
            send_initial_events=send_initial_events,
            labels=labels,
            fields=fields,
            timeout_s=timeout_s,
            user=self.name,
        )
        return WatchStream(self.environment.transport, request, raw=raw)

    # ------------------------------------------------------------------------------------------------------- writes

    async def create(
        self,
        obj: JsonObject,
        *,
        subresource: str | None = None,
        dry_run: bool = False,
        field_manager: str | None = None,
    ) -> JsonObject:
        """Create, and return what the server made of it. With `subresource` "binding" or "eviction", `obj` (a Binding,
        an Eviction) names the pod."""
        api_version, kind = ("v1", "Pod") if subresource in _OF_PODS else _type_of(obj)
        metadata = obj.get("metadata") or {}
        return await self._send(
            ApiRequest(
                verb="create",
                api_version=api_version,
                kind=kind,
                namespace=metadata.get("namespace") or None,
                name=metadata.get("name") or None,
                subresource=subresource,
                body=copy_json(obj),
                dry_run=dry_run,
                field_manager=field_manager,
                user=self.name,
            )
        )

    async def update(
        self,
        obj: JsonObject,
        *,
        subresource: str | None = None,
        dry_run: bool = False,
        field_manager: str | None = None,
        parent: tuple[str, str] | None = None,
    ) -> JsonObject:
        """Replace. A set `metadata.resourceVersion` makes it conditional: `Conflict` if it is no longer current.

        Args:
            parent: (api_version, kind) that the subresource belongs to, where `obj` is of another kind (a Scale).
        """
        api_version, kind = parent or _type_of(obj)
        if parent is None and kind == "Scale":
            raise BadRequest("a Scale does not say what it scales: pass parent=(api_version, kind) of what it does")
        metadata = obj.get("metadata") or {}
        return await self._send(
            ApiRequest(
                verb="update",
                api_version=api_version,
                kind=kind,
                namespace=metadata.get("namespace") or None,
                name=_named(metadata.get("name"), "update", kind),
                subresource=subresource,
                body=copy_json(obj),
                dry_run=dry_run,
                field_manager=field_manager,
                user=self.name,
            )
        )

    async def update_status(self, obj: JsonObject) -> JsonObject:
        """Replace the status, nothing else."""
        return await self.update(obj, subresource="status")

    async def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        body: Any,
        type: str = "merge",  # the name Kubernetes gives it
        subresource: str | None = None,
        field_manager: str | None = None,
        force: bool = False,
    ) -> JsonObject:
        """Change some fields. `type`: merge, json, strategic, apply. A uid or resourceVersion in the body is a
        precondition, as in Kubernetes.

        An apply needs a `field_manager`, creates what is not there, and raises `Conflict` for fields that others own,
        unless `force`."""
        return await self._send(
            ApiRequest(
                verb="patch",
                api_version=api_version,
                kind=kind,
                namespace=namespace,
                name=_named(name, "patch", kind),
                subresource=subresource,
                body=copy_json(body),
                patch_type=type,
                field_manager=field_manager,
                force=force,
                user=self.name,
            )
        )

    async def delete(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str | None = None,
        grace_period_s: int | None = None,
    ) -> JsonObject:
        """Ask for deletion. `uid`, `resource_version`: preconditions, `Conflict` if they do not hold. `propagation`:
        Background, Foreground, Orphan."""
        return await self._send(
            ApiRequest(
                verb="delete",
                api_version=api_version,
                kind=kind,
                namespace=namespace,
                name=_named(name, "delete", kind),
                precondition_uid=uid,
                precondition_resource_version=resource_version,
                propagation=propagation,
                grace_period_s=grace_period_s,
                user=self.name,
            )
        )

    async def delete_collection(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
        propagation: str | None = None,
        grace_period_s: int | None = None,
    ) -> JsonObject:
        """Delete everything that the selectors select, one by one: not atomic, as in Kubernetes."""
        return await self._send(
            ApiRequest(
                verb="deletecollection",
                api_version=api_version,
                kind=kind,
                namespace=namespace,
                labels=labels,
                fields=fields,
                propagation=propagation,
                grace_period_s=grace_period_s,
                user=self.name,
            )
        )

    async def request(self, request: ApiRequest) -> JsonObject:
        """Send a request as it is, under this process's name: for what the verbs above do not offer."""
        return await self._send(replace(request, body=copy_json(request.body), user=self.name))

    async def _send(self, request: ApiRequest) -> JsonObject:
        answer: JsonObject = copy_stored(await self.environment.transport.request(request))
        return answer

    # ---------------------------------------------------------------------------------------- the rest of the world

    def external(self, system: str) -> "ExternalClient":
        """An outside system that gives no watch."""
        return ExternalClient(self.environment, system)

    async def record(self, obj: JsonObject, type: str, reason: str, message: str) -> None:
        """Tell users what happened: an Event on `obj` of `type` Normal or Warning. Never raises an `ApiError`."""
        await self._recorder.record(obj, type, reason, message)

    # ---------------------------------------------------------------------------------------------- time and chance

    def now(self) -> datetime:
        """This process's wall clock: aware, UTC, possibly wrong."""
        return self.environment.clock.now()

    def monotonic_s(self) -> float:
        """This process's monotonic clock, in virtual seconds."""
        return self.environment.clock.monotonic_s()

    async def sleep(self, seconds: float) -> None:
        """Sleep on this process's clock."""
        await self.environment.clock.sleep(seconds)

    def uuid4(self) -> uuid.UUID:
        """A random UUID from the process's own randomness: same schedule, same bytes."""
        return uuid.UUID(int=self.random.getrandbits(128), version=4)


@dataclass(frozen=True, slots=True)
class ExternalClient:
    """One outside system: no watch, no transactions, no guarantees."""

    environment: Environment
    system: str

    async def call(self, verb: str, key: str | None = None, body: JsonObject | None = None) -> JsonObject | None:
        """`verb`: get, list, create, update, delete. `get` and `delete` of what is not there return None; `list`
        returns `{"items": [...]}`. `key` of a create is an idempotency key. Raises `ApiError`."""
        call = ExternalCall(system=self.system, verb=verb, key=key, body=copy_json(body))
        answer: JsonObject | None = copy_json(await self.environment.transport.external(call))
        return answer


def _type_of(obj: JsonObject) -> tuple[str, str]:
    """(apiVersion, kind); raises BadRequest as a server's decoder words it."""
    for key in ("kind", "apiVersion"):
        if not obj.get(key):
            raise BadRequest(f"Object '{key[0].upper()}{key[1:]}' is missing in {str(obj)[:200]!r}: set obj[{key!r}]")
    return obj["apiVersion"], obj["kind"]


def _named(name: Any, verb: str, kind: str) -> str:
    """client-go refuses an empty name itself: the request would address the whole collection."""
    if not name:
        raise BadRequest(f"cannot {verb} a {kind} whose name is {name!r}: resource name may not be empty")
    return str(name)
