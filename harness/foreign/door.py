"""Where one life of a foreign process comes in: a port of its own, so that who asks is known by where it asks.

HTTP in front, the world's fabric behind: what the weather does to a native controller's messages it does to these. A
reply that the weather loses breaks the connection, as it does when a server dies.
"""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import trio

from harness.process import Life
from harness.wire import Endpoint
from reference_impl.errors import ApiError
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent, WatchHandle

if TYPE_CHECKING:
    from harness.foreign.world import RealTimeWorld
    from reference_impl.apiserver.http.front import Front

CONNECTIONS_MAX: Final = 256
"""Of one life at once; the others wait in the system's queue. A client has one for each watch and some for requests.
Without a bound one program could use up the descriptors that the whole trial has (often 1,024)."""


class Door:
    """Open from the start of a life to its end. `listener`: of an earlier door, whose address it keeps."""

    def __init__(self, world: "RealTimeWorld", life: Life, listener: socket.socket | None = None) -> None:
        # Here and not above: trials in virtual time, which are most, need no HTTP server.
        from reference_impl.apiserver.http.front import Front

        self.listener = listener or socket.create_server(("127.0.0.1", 0), backlog=128)
        self.listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self._listener = trio.SocketListener(trio.socket.from_stdlib_socket(self.listener))
        self._scope = trio.CancelScope()
        backend = _Backend(world, life)
        front = Front(backend, world.kinds, now=world.server_now, user=life.process.name)
        world.kernel.nursery.start_soon(self._serve, front)

    async def _serve(self, front: "Front") -> None:
        from reference_impl.apiserver.http.listener import serve

        with self._scope:
            await serve([self._listener], front.answer, connections_max=CONNECTIONS_MAX)

    def close(self) -> None:
        """Nobody comes in any more, and who is in is thrown out. Idempotent."""
        self._scope.cancel()
        self._listener.socket.close()


class _Backend:
    """The life's endpoint; it also tells the trace what the process had heard last when it asked."""

    def __init__(self, world: "RealTimeWorld", life: Life) -> None:
        self._world = world
        self._endpoint: Endpoint = world.fabric.endpoint(life)
        self._heard = -1

    async def request(self, request: ApiRequest) -> JsonObject:
        self._world.cause = self._heard
        try:
            return await self._endpoint.request(request)
        finally:
            self._heard = self._world.cause

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> WatchHandle:
        def heard(event: WatchEvent) -> None:
            self._heard = self._world.cause
            deliver(event)

        self._world.cause = self._heard
        return await self._endpoint.watch(request, heard, closed)
