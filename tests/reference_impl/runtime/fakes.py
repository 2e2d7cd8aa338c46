"""A clock that is moved by hand, a server in a hundred lines, and a probe that writes down what it hears."""

import heapq
import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import trio.testing

from reference_impl.environment import Environment, NoProbe
from reference_impl.errors import AlreadyExists, ApiError, Conflict, Gone, NotFound
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject, WatchEvent
from reference_impl.runtime import Client


class FakeTimer:
    def __init__(self, callback: Callable[[], None], heartbeat: bool) -> None:
        self.callback: Callable[[], None] | None = callback
        self.heartbeat = heartbeat

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """Moves only in `elapse`, which lets every task run until it blocks after each timer."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._sequence = 0

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now_s)

    def monotonic_s(self) -> float:
        return self.now_s

    def call_later(self, seconds: float, callback: Callable[[], None], *, heartbeat: bool = False) -> FakeTimer:
        timer = FakeTimer(callback, heartbeat)
        self._sequence += 1
        heapq.heappush(self._timers, (self.now_s + seconds, self._sequence, timer))
        return timer

    async def sleep(self, seconds: float) -> None:
        done = trio.Event()
        self.call_later(seconds, done.set)
        await done.wait()

    @property
    def pending(self) -> list[tuple[float, bool]]:
        """(due, heartbeat) of the live timers."""
        return sorted((due_s, timer.heartbeat) for due_s, _, timer in self._timers if timer.callback)

    async def elapse(self, seconds: float) -> None:
        await trio.testing.wait_all_tasks_blocked()
        end_s = self.now_s + seconds
        while self._timers and self._timers[0][0] <= end_s:
            due_s, _, timer = heapq.heappop(self._timers)
            if timer.callback is None:
                continue
            self.now_s = due_s
            timer.callback()
            await trio.testing.wait_all_tasks_blocked()
        self.now_s = end_s


class FakeStream:
    def __init__(self, server: "FakeServer", request: ApiRequest, deliver: Any, closed: Any) -> None:
        self.server, self.request, self.deliver, self.closed = server, request, deliver, closed

    def close(self) -> None:
        if self in self.server.streams:
            self.server.streams.remove(self)

    def end(self, error: ApiError | None = None) -> None:
        """The other side ends it."""
        self.close()
        self.closed(error)

    def send(self, event_type: str, obj: JsonObject) -> None:
        self.deliver(WatchEvent(event_type, obj, int(obj["metadata"]["resourceVersion"])))


class FakeServer:
    """Stores what it is given, without validation. `plan` makes a verb fail; `requests` is what was asked."""

    def __init__(self) -> None:
        self.revision = 10
        self.objects: dict[tuple[str, str, str], JsonObject] = {}
        self.log: list[tuple[str, JsonObject]] = []
        self.compacted = 0
        self.requests: list[ApiRequest] = []
        self.streams: list[FakeStream] = []
        self.externals: list[ExternalCall] = []
        self.silent = False
        """Commits reach no stream."""
        self.hangs = False
        """Requests get no answer."""
        self._planned: dict[str, deque[ApiError]] = {}

    def plan(self, verb: str, *errors: ApiError) -> None:
        self._planned.setdefault(verb, deque()).extend(errors)

    def asked(self, verb: str, kind: str | None = None) -> list[ApiRequest]:
        return [request for request in self.requests if request.verb == verb and kind in (None, request.kind)]

    # ---- the store

    def put(self, obj: JsonObject) -> JsonObject:
        obj = copy_json(obj)
        metadata = obj["metadata"]
        key = (obj["kind"], metadata.get("namespace") or "", metadata["name"])
        self.revision += 1
        metadata.setdefault("uid", f"uid-{self.revision}")
        metadata["resourceVersion"] = str(self.revision)
        event = "MODIFIED" if key in self.objects else "ADDED"
        self.objects[key] = obj
        self._emit(event, obj)
        return obj

    def remove(self, kind: str, name: str, namespace: str = "default") -> JsonObject:
        obj = copy_json(self.objects.pop((kind, namespace, name)))
        self.revision += 1
        obj["metadata"]["resourceVersion"] = str(self.revision)
        self._emit("DELETED", obj)
        return obj

    def _emit(self, event_type: str, obj: JsonObject) -> None:
        self.log.append((event_type, obj))
        if not self.silent:
            for stream in list(self.streams):
                if _concerns(stream.request, obj):
                    stream.send(event_type, obj)

    # ---- the transport

    async def request(self, request: ApiRequest) -> JsonObject:
        self.requests.append(request)
        await trio.lowlevel.checkpoint()
        if self.hangs:
            await trio.sleep_forever()
        self._fail(request.verb)
        key = (request.kind, request.namespace or "", request.name or "")
        if request.verb == "list":
            items = [obj for obj in self.objects.values() if _concerns(request, obj)]
            return {"kind": "List", "metadata": {"resourceVersion": str(self.revision)}, "items": items}
        current = self.objects.get(key)
        if request.verb == "create":
            if current is not None and request.subresource is None:
                raise AlreadyExists(f"{key} exists")
            return self.put(request.body) if request.subresource is None else request.body
        if current is None:
            raise NotFound(f"{key} not found")
        if request.verb == "get":
            return current
        if request.verb == "delete":
            return self.remove(request.kind, request.name or "", request.namespace or "")
        if request.verb == "patch":
            return self.put({**current, **request.body})
        asked = request.body["metadata"].get("resourceVersion")
        if asked and asked != current["metadata"]["resourceVersion"]:
            raise Conflict(f"{key} has been modified")
        return self.put(request.body)

    async def watch(self, request: ApiRequest, deliver: Any, closed: Any) -> FakeStream:
        self.requests.append(request)
        await trio.lowlevel.checkpoint()
        self._fail("watch")
        since = int(request.resource_version or self.revision)
        if since < self.compacted:
            raise Gone(f"too old resource version: {since} ({self.compacted})")
        stream = FakeStream(self, request, deliver, closed)
        self.streams.append(stream)
        for event_type, obj in list(self.log):
            if int(obj["metadata"]["resourceVersion"]) > since and _concerns(request, obj):
                stream.send(event_type, obj)
        return stream

    async def external(self, call: ExternalCall) -> JsonObject | None:
        self.externals.append(call)
        await trio.lowlevel.checkpoint()
        return {"id": "x-1"} if call.verb == "create" else None

    def _fail(self, verb: str) -> None:
        planned = self._planned.get(verb)
        if planned:
            raise planned.popleft()


def _concerns(request: ApiRequest, obj: JsonObject) -> bool:
    same_kind = (request.api_version, request.kind) == (obj["apiVersion"], obj["kind"])
    return same_kind and request.namespace in (None, obj["metadata"].get("namespace"))


class NotingProbe(NoProbe):
    def __init__(self) -> None:
        self.changes: list[tuple[str | None, str, bool]] = []
        self.reads: list[tuple[str, str | None, str | None]] = []
        self.reconciles: list[tuple[str, str]] = []
        self.leases: list[tuple[str, float | None]] = []

    def cache_changed(self, informer: Any, namespace: str | None, name: str, obj: JsonObject | None) -> None:
        self.changes.append((namespace, name, obj is not None))

    def cache_read(self, informer: Any, namespace: str | None, name: str | None) -> None:
        self.reads.append((informer.kind, namespace, name))

    def reconcile_started(self, controller: str, namespace: str | None, name: str) -> None:
        self.reconciles.append(("started", name))

    def reconcile_finished(self, controller: str, namespace: Any, name: str, outcome: str, error: Any) -> None:
        self.reconciles.append((outcome, name))

    def lease_held(self, lease: str, identity: str, until_s: float | None) -> None:
        self.leases.append((identity, until_s))


class World:
    """A server, a clock and the client of one process."""

    def __init__(self, server: FakeServer | None = None, clock: FakeClock | None = None, seed: int = 0, **options: Any):
        self.server = server or FakeServer()
        self.clock = clock or FakeClock()
        self.probe = NotingProbe()
        self.environment = Environment(
            name="website",
            transport=self.server,
            clock=self.clock,
            random=random.Random(seed),
            probe=self.probe,
            options=options,
        )
        self.client = Client(self.environment)


def pod(name: str, namespace: str = "default", *, owner: JsonObject | None = None, **labels: str) -> JsonObject:
    metadata: JsonObject = {"name": name, "namespace": namespace, "labels": labels}
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}}


def reference(kind: str, name: str, *, api_version: str = "apps/v1", controller: bool = True) -> JsonObject:
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": f"uid-of-{name}", "controller": controller}


async def settle() -> None:
    await trio.testing.wait_all_tasks_blocked()
