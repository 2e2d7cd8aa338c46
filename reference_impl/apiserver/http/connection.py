"""One client's connection: HTTP/1.1 by h11, on a trio stream.

Everything that a client can do wrong with a socket ends here: bytes that are not HTTP get a 400, a body beyond 3 MiB a
413 (the rest is read and thrown away for a moment, so that the answer is seen), silence ends the connection, and while
a watch is open a hang-up is noticed at once. No more than one request and one chunk of answer is held in memory.

Pipelined requests are answered in order. After a watch the connection is closed.

Sources: RFC 9112; apiserver `server.Config.MaxRequestBodyBytes`; Go `net/http` (what a server does with a body that it
did not read).
"""

import logging
import math
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final

import h11
import orjson
import trio

from reference_impl.apiserver.http.courier import Courier, Outlet, sent_at_once
from reference_impl.apiserver.http.messages import JSON, Answer, Broken, HttpRequest
from reference_impl.apiserver.http.plain_requests import METHODS, PlainRequests
from reference_impl.apiserver.http.watching import WatchAnswer
from reference_impl.errors import ApiError, BadRequest

BODY_MAX: Final = 3 * 1024 * 1024
"""kube-apiserver's limit for JSON bodies."""
HEADERS_MAX: Final = 64 * 1024
IDLE_S: Final = 90.0
"""net/http's IdleTimeout in kube-apiserver, kept here for every wait for a client's bytes."""
SEND_S: Final = 60.0
"""How long one chunk may wait for a client that does not read."""
DRAIN_S: Final = 2.0
_LOG: Final = logging.getLogger("seatrial.http")
_READ: Final = 64 * 1024
_NOTHING: Final = (b"", False)

Handler = Callable[[HttpRequest], Awaitable[Answer | WatchAnswer]]


class _Refused(Exception):
    """The request cannot be read; answer this and hang up."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


async def serve_connection(stream: trio.abc.Stream, handler: Handler, courier: Courier | None = None) -> None:
    """Answer requests until the client or a limit ends it. Closes the stream. Raises nothing of the network's.

    Args:
        courier: sends the lines of watches where it can, if it runs.
    """
    try:
        with trio.CancelScope() as patience:
            connection = _Connection(stream, handler, patience, courier)
            await connection.run()
        if connection.sending:
            # It did not read in time. Without a reset the system would keep what is on its way for minutes.
            reset(stream)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    except Broken:
        reset(stream)
    except Exception:  # one connection must not take the server down with it
        _LOG.exception("a connection failed")
    finally:
        await trio.aclose_forcefully(stream)


def reset(stream: trio.abc.Stream) -> None:
    """Make the close that follows a TCP reset, as a server that dies makes it."""
    socket = getattr(getattr(stream, "transport_stream", stream), "socket", None)
    if socket is not None:
        socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


_END: Final = h11.EndOfMessage()
_WATCH: Final = (("Transfer-Encoding", "chunked"), ("Connection", "close"))


@lru_cache(maxsize=1024)
def _head(status: int, content_type: str, length: int | None, headers: tuple[tuple[str, str], ...]) -> h11.Response:
    """Kept, because h11 checks each header of each answer, and answers of one length come again and again."""
    named = [("Content-Type", content_type), ("Cache-Control", "no-cache, private"), *headers]
    if length is not None:
        named.append(("Content-Length", str(length)))
    return h11.Response(status_code=status, headers=named)


@lru_cache(maxsize=2048)
def _rendered(status: int, content_type: str, length: int | None, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The same as h11 writes it in answer to a request that is no HEAD, on a connection that stays open."""
    http = h11.Connection(h11.SERVER)
    http.receive_data(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    http.next_event()
    http.next_event()
    return http.send(_head(status, content_type, length, headers)) or b""


def _parser() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=HEADERS_MAX)


_KNOWN: Final = PlainRequests()


class _Connection:
    """`patience` ends the connection; its deadline is moved before every wait for the client, and lifted meanwhile."""

    __slots__ = ("_courier", "_handler", "_http", "_method", "_patience", "_plain", "_stream", "sending")

    def __init__(
        self, stream: trio.abc.Stream, handler: Handler, patience: trio.CancelScope, courier: Courier | None
    ) -> None:
        self._stream = stream
        self._courier = courier
        self.sending = False
        self._method = b""
        self._plain = False
        """Is the request under way read whole, and will the connection stay open? Then h11 need not see the answer."""
        self._patience = patience
        self._handler = handler
        self._http = _parser()

    async def run(self) -> None:
        while True:
            try:
                request = await self._request()
            except h11.RemoteProtocolError as error:
                await self._refuse(_not_http(error))
                return
            except _Refused as refused:
                await self._refuse(refused.error)
                return
            if request is None:
                return
            self._patience.deadline = math.inf
            answer = await self._handler(request)
            if isinstance(answer, WatchAnswer):
                await self._watch(answer)
                return
            await self._send_answer(answer, with_body=request.method != "HEAD")
            if self._plain:
                continue
            if self._http.our_state is h11.MUST_CLOSE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    # -------------------------------------------------------------------------------------------------------- reading

    async def _event(self) -> h11.Event | type[h11.PAUSED]:
        http = self._http
        while True:
            event = http.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            if http.they_are_waiting_for_100_continue:
                await self._send(http.send(h11.InformationalResponse(status_code=100, headers=[])))
            http.receive_data(await self._received())

    async def _received(self) -> bytes:
        self._patience.deadline = trio.current_time() + IDLE_S
        return bytes(await self._stream.receive_some(_READ))

    async def _request(self) -> HttpRequest | None:
        """The next request, whole; None when the client is done."""
        self._plain = False
        self._method = b""
        data = b""
        if self._http.trailing_data == _NOTHING:
            data = await self._received()
            plain = _KNOWN.begun(data)
            if plain is not None:
                while len(data) < plain.size and (more := await self._received()):
                    data += more
                if len(data) == plain.size:
                    self._plain = True
                    return plain.whole(data)
            self._http.receive_data(data)
        head = await self._event()
        if type(head) is not h11.Request:
            return None
        self._method = head.method
        if head.http_version not in (b"1.1", b"1.0"):
            raise _Refused(ApiError("only HTTP/1.1 and HTTP/1.0 are spoken here", status=505, reason="BadRequest"))
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
        length = headers.get("content-length")
        if length is not None and int(length) > BODY_MAX:
            raise _Refused(_too_large())
        chunks: list[bytes] = []
        size = 0
        while True:
            event = await self._event()
            if type(event) is h11.Data:
                size += len(event.data)
                if size > BODY_MAX:
                    raise _Refused(_too_large())
                chunks.append(bytes(event.data))
            elif type(event) is h11.EndOfMessage:
                break
            else:
                return None
        target = head.target.decode("latin-1")
        if not target.startswith("/"):
            raise _Refused(BadRequest(f"the request target {target[:64]!r} is not a path"))
        path, _, query = target.partition("?")
        request = HttpRequest(head.method.decode("ascii"), path, query, headers, b"".join(chunks))
        if self._http.trailing_data == _NOTHING and self._http.their_state is h11.DONE and head.method in METHODS:
            _KNOWN.learn(data, request)
            # The connection stays open and the client waits: a new parser begins where this one would.
            self._plain = True
            self._http = _parser()
        return request

    # -------------------------------------------------------------------------------------------------------- sending

    async def _send(self, data: bytes | None) -> None:
        if data and self._plain:
            # Whoever sends plain answers receives before it sends again, and gives others a turn there.
            data = data[sent_at_once(self._stream, data) :]
        if data:
            self._patience.deadline = trio.current_time() + SEND_S
            self.sending = True
            await self._stream.send_all(data)
            self.sending = False

    async def _send_answer(self, answer: Answer, *, with_body: bool = True) -> None:
        if self._plain:
            head = _rendered(answer.status, answer.content_type, len(answer.body), answer.headers)
            await self._send(head + answer.body)
            return
        http = self._http
        head = http.send(_head(answer.status, answer.content_type, len(answer.body), answer.headers)) or b""
        body = http.send(h11.Data(data=answer.body)) if with_body and answer.body else None
        end = http.send(_END)
        await self._send(head + (body or b"") + (end or b""))

    async def _refuse(self, error: ApiError) -> None:
        """Say why, then let the client read it: closing on unread bytes would reset the connection under it."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = orjson.dumps(error.to_status())
        answer = Answer(error.status, body, JSON, (("Connection", "close"),))
        await self._send_answer(answer, with_body=self._method != b"HEAD")
        with trio.move_on_after(DRAIN_S):
            if isinstance(self._stream, trio.abc.HalfCloseableStream):
                await self._stream.send_eof()
            while await self._stream.receive_some(_READ):
                pass

    # ------------------------------------------------------------------------------------------------------ a watch

    async def _watch(self, answer: WatchAnswer) -> None:
        try:
            if self._plain:
                await self._send(_rendered(200, answer.content_type, None, _WATCH))
            else:
                await self._send(self._http.send(_head(200, answer.content_type, None, _WATCH)))
            async with trio.open_nursery() as nursery:
                answer.on_cut = nursery.cancel_scope.cancel
                nursery.start_soon(self._until_hang_up, nursery.cancel_scope)
                self._patience.deadline = math.inf
                outlet = Outlet(answer, self._stream, self._courier)
                while (data := await outlet.next_bytes()) is not None:
                    await self._send(data)
                    self._patience.deadline = math.inf
                await self._send(b"0\r\n\r\n")
                nursery.cancel_scope.cancel()
            if answer.broken:
                raise Broken
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except* Broken:
            reset(self._stream)
        finally:
            answer.close()

    async def _until_hang_up(self, scope: trio.CancelScope) -> None:
        """A client that watches has nothing more to say: what it sends is dropped, and its leaving ends the watch."""
        try:
            while await self._stream.receive_some(_READ):
                pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        scope.cancel()


def _too_large() -> ApiError:
    return ApiError(
        f"Request entity too large: limit is {BODY_MAX}", status=413, reason="RequestEntityTooLarge", details={}
    )


def _not_http(error: h11.RemoteProtocolError) -> ApiError:
    return ApiError(
        f"the request is not HTTP/1.1: {str(error)[:200]}", status=error.error_status_hint, reason="BadRequest"
    )
