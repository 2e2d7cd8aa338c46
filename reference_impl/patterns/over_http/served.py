"""The reference's API server behind its HTTP front, on a free loopback port, in a thread of this process.

Without components: nobody else writes. Its clients have nothing but the URL; whoever started it can also do what no
client can: compact the store, and have bookmarks sent. A read at a revision that has not happened is refused at once,
where `seatrial serve` waits 3 s for it to happen, as real servers do.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import trio

from reference_impl.apiserver.http.backend import Backend
from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.listener import open_listeners, port_of, serve
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError
from reference_impl.patterns.over_http.access import Access
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent, WatchHandle
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Store


class Direct:
    """A `Backend` that asks an API server of this thread. Overridden, it is a server that does something else."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server

    async def request(self, request: ApiRequest) -> JsonObject:
        await trio.lowlevel.checkpoint()
        return self.server.handle(request)

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> WatchHandle:
        await trio.lowlevel.checkpoint()
        stream = self.server.open_watch(request, deliver)
        stream.on_closed = lambda: closed(None)
        return stream


class ServedInProcess:
    """See the module. Serves from when it is made until `close`.

    Args:
        store: makes the store, in the thread that uses it.
        behind: what stands between the front and the API server.
    """

    def __init__(
        self, store: Callable[[], Store] = MemoryStore, *, behind: Callable[[ApiServer], Backend] = Direct
    ) -> None:
        self._make_store = store
        self._behind = behind
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._plane: LocalPlane | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._scope = trio.CancelScope()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def access(self) -> Access:
        return Access(f"http://127.0.0.1:{self.port}")

    def compact(self, revision: int) -> None:
        """As etcd's compaction: the API servers' watch caches forget too."""

        def both(plane: LocalPlane) -> None:
            plane.store.compact(revision)
            for server in plane.servers:
                server.forget_before(revision)

        self._do(both)

    def bookmarks(self) -> None:
        """On every watch that wants them."""

        def send(plane: LocalPlane) -> None:
            for server in plane.servers:
                server.bookmarks()

        self._do(send)

    def close(self) -> None:
        """Idempotent."""
        if self._token is not None:
            with suppress(trio.RunFinishedError):
                trio.from_thread.run_sync(self._scope.cancel, trio_token=self._token)
        self._thread.join()

    def _do(self, action: Callable[[LocalPlane], Any]) -> None:
        assert self._plane is not None
        trio.from_thread.run_sync(action, self._plane, trio_token=self._token)

    def _run(self) -> None:
        try:
            trio.run(self._serve)
        # Whatever keeps it from starting is for whoever started it.
        except BaseException as error:
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        store = self._make_store()
        try:
            async with trio.open_nursery() as nursery:
                with self._scope:
                    plane = self._plane = LocalPlane(RealClock(nursery), store=store, track_on_create=True)
                    front = Front(self._behind(plane.servers[0]), plane.kinds, now=plane.clock.now)
                    listeners = await open_listeners("127.0.0.1", 0)
                    self.port = port_of(listeners)
                    await nursery.start(lambda task_status: serve(listeners, front.answer, task_status=task_status))
                    self._token = trio.lowlevel.current_trio_token()
                    self._started.set()
                    await trio.sleep_forever()
                nursery.cancel_scope.cancel()
        finally:
            close = getattr(store, "close", None)
            if close is not None:
                close()
