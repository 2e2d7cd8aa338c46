"""A control plane in one process: a store, API server replicas, and transports that call them directly.

The composition root for running the reference implementation by itself, on trio. Replicas are fed as the store
commits, so none of them lags here, nothing is delayed and nothing fails. Outside systems live in memory.

Processes (controllers, scheduler, kubelets) are not started here: give each an `environment(...)`.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import trio

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.environment import Clock, Environment, Heartbeat, Timer
from reference_impl.errors import ApiError, TooLargeResourceVersion
from reference_impl.external import ExternalSystem
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject, WatchEvent, WatchHandle
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Store, StoreUnavailable
from reference_impl.webhooks import Webhooks

FRESHNESS_WAIT_S: Final = 3.0
"""How long a read waits for a replica to catch up (cacher `blockTimeout`)."""
_FRESHNESS_POLL_S: Final = 0.05
BOOKMARK_PERIOD_S: Final = 60.0
"""cacher `defaultBookmarkFrequency`."""


@dataclass(slots=True)
class _NurseryTimer:
    scope: trio.CancelScope

    def cancel(self) -> None:
        self.scope.cancel()


class RealClock:
    """The machine's clock, and trio's. The one place where real time enters; under trio's MockClock, virtual time.

    Args:
        nursery: where `call_later` waits. Timers end with it.
    """

    __slots__ = ("_nursery",)

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251

    def monotonic_s(self) -> float:
        return trio.current_time()

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None], *, heartbeat: Heartbeat = False) -> Timer:
        timer = _NurseryTimer(trio.CancelScope())

        async def wait() -> None:
            with timer.scope:
                await trio.sleep(seconds)
                callback()

        self._nursery.start_soon(wait)
        return timer


class LocalTransport:
    """Carries requests straight to one API server in this process.

    Args:
        server: the replica to talk to.
        clock: ends watches that have a timeout; without one they stay open.
        outside: outside systems by name, filled as they are first called.
        webhooks: asked about writes; they need a clock. None: nobody is.
    """

    __slots__ = ("_clock", "_outside", "_server", "_webhooks")

    def __init__(
        self,
        server: ApiServer,
        *,
        clock: Clock | None = None,
        outside: dict[str, ExternalSystem] | None = None,
        webhooks: Webhooks | None = None,
    ) -> None:
        self._server = server
        self._webhooks = webhooks
        self._clock = clock
        self._outside = {} if outside is None else outside

    async def request(self, request: ApiRequest) -> JsonObject:
        """Raises `ApiError`."""
        await trio.lowlevel.checkpoint()
        deadline_s: float | None = None
        while True:
            try:
                if self._webhooks is None or self._clock is None:
                    return self._server.handle(request)
                return await self._webhooks.handle(self._server, request, self._clock.now())
            except TooLargeResourceVersion:
                now_s = trio.current_time()
                deadline_s = now_s + FRESHNESS_WAIT_S if deadline_s is None else deadline_s
                if now_s >= deadline_s:
                    raise
            await trio.sleep(_FRESHNESS_POLL_S)

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> WatchHandle:
        """Initial events are delivered before this returns. Raises `ApiError`."""
        await trio.lowlevel.checkpoint()
        stream = self._server.open_watch(request, deliver)
        stream.on_closed = lambda: closed(None)
        if request.timeout_s is not None and self._clock is not None:
            self._clock.call_later(request.timeout_s, stream.end, heartbeat=True)
        return stream

    async def external(self, call: ExternalCall) -> JsonObject | None:
        """Outside systems come into being on first use. Raises `ApiError`."""
        await trio.lowlevel.checkpoint()
        system = self._outside.get(call.system)
        if system is None:
            system = self._outside[call.system] = ExternalSystem(call.system)
        return system.handle(call)


class LocalPlane:
    """A store with its API servers.

    Args:
        clock: the servers' clock.
        seed: of uids, generated names and every process's randomness: same seed and same requests, same objects.
        servers: number of replicas.
        store: an in-memory one if not given.
        track_on_create: say in managedFields who owns what from creation on, as real servers do.
        call_webhooks: ask the admission webhooks that are configured, over real sockets.
    """

    __slots__ = ("_seed", "_track_on_create", "clock", "kinds", "outside", "servers", "store", "webhooks")

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        servers: int = 1,
        store: Store | None = None,
        track_on_create: bool = False,
        call_webhooks: bool = False,
    ) -> None:
        self.clock = clock
        self._track_on_create = track_on_create
        self._seed = seed
        self.store: Store = store if store is not None else MemoryStore()
        self.kinds = KindRegistry()
        self.outside: dict[str, ExternalSystem] = {}
        self.servers = [self._server(number) for number in range(servers)]
        self.webhooks: Webhooks | None = None
        if call_webhooks:
            self.webhooks = Webhooks(self.store, self.kinds, random.Random(f"{seed} webhooks"))
        self.servers[0].bootstrap()

    def transport(self, server: int = 0) -> LocalTransport:
        return LocalTransport(self.servers[server], clock=self.clock, outside=self.outside, webhooks=self.webhooks)

    def environment(
        self, name: str, *, instance: int = 0, server: int = 0, options: dict[str, Any] | None = None
    ) -> Environment:
        """What a process of this name gets."""
        return Environment(
            name=name,
            transport=self.transport(server),
            clock=self.clock,
            random=random.Random(f"{self._seed} {name} {instance}"),
            instance=instance,
            options=dict(options or {}),
        )

    async def send_bookmarks(self) -> None:
        """Send bookmarks on all streams every minute, for ever. Run it in a nursery; optional."""
        while True:
            await self.clock.sleep(BOOKMARK_PERIOD_S)
            for server in self.servers:
                server.bookmarks()

    async def expire_events(self) -> None:
        """Remove Events past their time to live every minute, for ever. Run it in a nursery; optional.

        Deletions that were cut short are finished too.
        """
        while True:
            await self.clock.sleep(BOOKMARK_PERIOD_S)
            # A store that is full or out of reach: the next minute will do.
            with suppress(StoreUnavailable):
                self.servers[0].expire_events()
                self.servers[0].resume()

    def _server(self, number: int) -> ApiServer:
        name = f"apiserver-{number}"
        rng = random.Random(f"{self._seed} {name}")
        server = ApiServer(
            self.store,
            now=self.clock.now,
            random=rng,
            name=name,
            kinds=self.kinds,
            track_on_create=self._track_on_create,
        )
        self.store.subscribe(server.apply)
        return server
