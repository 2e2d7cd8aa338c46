"""A small world for controllers: a real store and API server, processes that crash, and a transport with weather.

Time is virtual: run tests under trio's MockClock with autojump, so that a sleep of an hour takes no time at all.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import trio
import trio.testing

from reference_impl.apiserver.http.front import Front
from reference_impl.environment import Environment
from reference_impl.errors import ApiError
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject, WatchEvent, WatchHandle
from reference_impl.runtime import Client, run_process
from tests.conformance import planes
from tests.conformance.http_client import HttpTransport

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock(RealClock):
    """The wall clock agrees with trio's virtual one."""

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=trio.current_time())


class Weather:
    """A transport that does what tests tell it: holds events of a kind, loses replies, refuses requests."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.requests: list[ApiRequest] = []
        self.held: dict[str, list[Callable[[], None]]] = {}
        self.lose_reply: Callable[[ApiRequest], ApiError | None] = lambda _: None
        self.refuse: Callable[[ApiRequest], ApiError | None] = lambda _: None

    async def request(self, request: ApiRequest) -> JsonObject:
        self.requests.append(request)
        refusal = self.refuse(request)
        if refusal is not None:
            await trio.lowlevel.checkpoint()
            raise refusal
        answer: JsonObject = await self._inner.request(request)
        loss = self.lose_reply(request)
        if loss is not None:
            raise loss
        return answer

    async def watch(
        self, request: ApiRequest, deliver: Callable[[WatchEvent], None], closed: Callable[[ApiError | None], None]
    ) -> WatchHandle:
        def delay(event: WatchEvent) -> None:
            held = self.held.get(request.kind)
            if held is None:
                deliver(event)
            else:
                held.append(lambda: deliver(event))

        handle: WatchHandle = await self._inner.watch(request, delay, closed)
        return handle

    async def external(self, call: ExternalCall) -> JsonObject | None:
        answer: JsonObject | None = await self._inner.external(call)
        return answer

    def hold(self, kind: str) -> None:
        """Events of this kind stop arriving."""
        self.held[kind] = []

    def release(self, kind: str) -> None:
        for deliver in self.held.pop(kind):
            deliver()

    def writes(self, kind: str | None = None, verb: str | None = None) -> list[ApiRequest]:
        return [
            request
            for request in self.requests
            if not request.is_read and kind in (None, request.kind) and verb in (None, request.verb)
        ]


class World:
    """The plane, its user, and the processes in it."""

    def __init__(self, nursery: trio.Nursery, options: dict[str, Any]) -> None:
        self._nursery = nursery
        self._options = options
        self.plane = LocalPlane(VirtualClock(nursery), store=planes.new_store())
        self._front = Front(self.plane.transport(), self.plane.kinds, now=self.plane.clock.now)
        self.user = Client(self._environment("user"))
        self.processes: dict[str, trio.CancelScope] = {}
        self.weather: dict[str, Weather] = {}

    async def start(self, name: str, *factories: Callable[[Client], Any]) -> Weather:
        """Start one process; its weather outlives crashes."""
        environment = self._environment(name, options=self._options)
        weather = self.weather.get(name) or Weather(environment.transport)
        self.weather[name] = weather
        environment.transport = weather
        client = Client(environment)
        parts: list[Any] = []
        for factory in factories:
            made = factory(client)
            parts.extend(made if isinstance(made, list) else [made])
        scope = self.processes[name] = trio.CancelScope()

        async def live() -> None:
            with scope:
                await run_process(client, parts)

        self._nursery.start_soon(live)
        await self.settle(0.01)
        return weather

    def _environment(self, name: str, **options: Any) -> Environment:
        """A process's, on the plane that was chosen: its transport is a call, or HTTP."""
        environment = self.plane.environment(name, **options)
        if planes.CHOSEN.name == "http":
            inner = environment.transport
            environment.transport = HttpTransport(self._front, self.plane.kinds, self._nursery, inner)
        return environment

    async def crash(self, name: str) -> None:
        self.processes.pop(name).cancel()
        await self.settle(0.01)

    async def settle(self, seconds: float = 5.0) -> None:
        """Let virtual time pass."""
        await trio.sleep(seconds)

    async def create(self, obj: JsonObject) -> JsonObject:
        return await self.user.create(obj)

    async def pods(self, **labels: str) -> list[JsonObject]:
        selector = ",".join(f"{key}={value}" for key, value in labels.items()) or None
        return await self.user.list("v1", "Pod", "default", labels=selector)

    async def say(self, pod: JsonObject, *, ready: bool = True, phase: str = "Running") -> None:
        """What a kubelet would say of a pod."""
        stamp = self.user.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": stamp}
        await self.user.patch(
            "v1",
            "Pod",
            pod["metadata"]["name"],
            pod["metadata"]["namespace"],
            body={"status": {"phase": phase, "conditions": [condition]}},
            subresource="status",
        )


@asynccontextmanager
async def open_world(**options: Any) -> AsyncIterator[World]:
    """A world in which `options` are every process's."""
    async with trio.open_nursery() as nursery:
        yield World(nursery, options)
        nursery.cancel_scope.cancel()


def run(test: Callable[[], Any]) -> None:
    """Run an async test under virtual time."""
    trio.run(test, clock=trio.testing.MockClock(autojump_threshold=0))


TEMPLATE: JsonObject = {
    "metadata": {"labels": {"app": "front"}},
    "spec": {"containers": [{"name": "main", "image": "front:1"}]},
}


def replica_set(name: str = "front", replicas: int = 3, **spec: Any) -> JsonObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "front"}}, "template": TEMPLATE, **spec},
    }


def pod(name: str, **spec: Any) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "front"}},
        "spec": {"containers": [{"name": "main", "image": "front:1"}], **spec},
    }
