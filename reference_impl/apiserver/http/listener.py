"""Accepts connections for a front, plain or under TLS, and not more than it can hold.

A listener beyond its bound lets new clients wait in the system's queue instead of taking memory for them.
"""

import errno
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import trio

from reference_impl.apiserver.http.connection import Handler, serve_connection
from reference_impl.apiserver.http.courier import Courier

CONNECTIONS_MAX: Final = 8000
"""Arbitrary: far more clients than one control plane has, at some 20 kB each (docs/performance.md)."""
HANDSHAKE_S: Final = 10.0


ServeOne = Callable[[trio.SocketStream], Awaitable[None]]


class PortInUse(OSError):
    """Another program listens there."""


async def open_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Bind. Port 0 takes a free one. Raises PortInUse, or OSError for a host that is not ours."""
    try:
        return await trio.open_tcp_listeners(port, host=host, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(error.errno, f"port {port} on {host} is in use") from None
        raise


def port_of(listeners: list[trio.SocketListener]) -> int:
    return int(listeners[0].socket.getsockname()[1])


async def serve(
    listeners: list[trio.SocketListener],
    handler: Handler,
    *,
    tls: ssl.SSLContext | None = None,
    connections_max: int = CONNECTIONS_MAX,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer connections for ever. `task_status.started()` is called once they are accepted."""
    limit = trio.CapacityLimiter(connections_max)
    courier = Courier()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(courier.run)
        for listener in listeners:
            nursery.start_soon(
                _accept, listener, partial(_serve, handler=handler, tls=tls, courier=courier), limit, nursery
            )
        task_status.started()


async def _accept(
    listener: trio.SocketListener,
    serve_one: ServeOne,
    limit: trio.CapacityLimiter,
    nursery: trio.Nursery,
) -> None:
    async with listener:
        while True:
            token = object()
            await limit.acquire_on_behalf_of(token)
            try:
                stream = await listener.accept()
            except OSError as error:
                limit.release_on_behalf_of(token)
                if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED):
                    raise
                # Out of descriptors: connections that end will give some back.
                await trio.sleep(0.1)
                continue
            nursery.start_soon(_release_after, serve_one, stream, limit, token)


async def _release_after(
    serve_one: ServeOne, stream: trio.SocketStream, limit: trio.CapacityLimiter, token: object
) -> None:
    try:
        await serve_one(stream)
    finally:
        limit.release_on_behalf_of(token)


async def _serve(stream: trio.SocketStream, *, handler: Handler, tls: ssl.SSLContext | None, courier: Courier) -> None:
    if tls is None:
        await serve_connection(stream, handler, courier)
        return
    secured = trio.SSLStream(stream, tls, server_side=True, https_compatible=True)
    try:
        with trio.fail_after(HANDSHAKE_S):
            await secured.do_handshake()
    except (trio.BrokenResourceError, trio.TooSlowError, ssl.SSLError):
        await trio.aclose_forcefully(stream)
        return
    await serve_connection(secured, handler)
