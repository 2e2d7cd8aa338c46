"""One connection of an HTTP client on a trio stream, and a transport for controllers that uses such connections."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import h11
import trio
import trio.testing

from reference_impl.apiserver.http.connection import serve_connection
from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.errors import ApiError, ConnectionLost
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject, Transport, WatchEvent, WatchHandle
from tests.conformance.wire_form import Resource, WireRequest, encode, error_of


@dataclass(slots=True)
class Head:
    status: int
    headers: dict[str, str]


class HttpClient:
    """One connection of a client: HTTP/1.1 by h11 on a trio stream, one request at a time."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._http = h11.Connection(h11.CLIENT)

    async def send(self, request: WireRequest) -> Head:
        pairs = [("host", "x"), *request.headers.items(), ("content-length", str(len(request.body)))]
        head = h11.Request(method=request.method, target=request.target, headers=pairs)
        content = (self._http.send(each) or b"" for each in (h11.Data(data=request.body), h11.EndOfMessage()))
        await self.stream.send_all((self._http.send(head) or b"") + b"".join(content))
        answer = await self._event()
        assert isinstance(answer, h11.Response), answer
        return Head(answer.status_code, {name.decode(): value.decode("latin-1") for name, value in answer.headers})

    async def part(self) -> bytes | None:
        """The next piece of the answer's body; None at its end."""
        event = await self._event()
        return bytes(event.data) if isinstance(event, h11.Data) else None

    async def body(self) -> bytes:
        parts = []
        while (part := await self.part()) is not None:
            parts.append(part)
        return b"".join(parts)

    def hang_up(self) -> None:
        """Of a stream in memory: both directions end at once."""
        self.stream.send_stream.close()
        self.stream.receive_stream.close()

    def drop(self) -> None:
        """Of a socket: closed at once, whoever waits for it."""
        below = getattr(self.stream, "transport_stream", self.stream)
        below.socket.close()

    async def _event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self.stream.receive_some())
        return event


class Lines:
    """Bytes as they come, given back as whole lines."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, part: bytes) -> Iterator[bytes]:
        *lines, self._rest = (self._rest + part).split(b"\n")
        return iter(lines)


@dataclass(slots=True)
class _Hold:
    """A watch as its client holds it."""

    scope: trio.CancelScope

    def close(self) -> None:
        self.scope.cancel()


class HttpTransport:
    """`reference_impl.protocol.Transport` over HTTP: a connection for each request, in memory, in the same trio run.

    Args:
        front: what answers.
        kinds: where kinds are found; the front's own.
        nursery: where connections live.
        inner: carries calls on outside systems, which speak no HTTP.
    """

    def __init__(self, front: Front, kinds: KindRegistry, nursery: trio.Nursery, inner: Transport) -> None:
        self._front = front
        self._kinds = kinds
        self._nursery = nursery
        self._inner = inner

    async def request(self, request: ApiRequest) -> JsonObject:
        client = self._connect()
        try:
            head = await client.send(self._wired(request))
            answer: JsonObject = json.loads(await client.body())
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
            raise ConnectionLost from None
        finally:
            client.hang_up()
        if head.status >= 400:
            raise error_of(head.status, answer, head.headers)
        return answer

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> WatchHandle:
        client = self._connect()
        head = await client.send(self._wired(request))
        if head.status != 200:
            raise error_of(head.status, json.loads(await client.body()), head.headers)
        hold = _Hold(trio.CancelScope())
        self._nursery.start_soon(self._follow, client, hold.scope, deliver, closed)
        return hold

    async def external(self, call: ExternalCall) -> JsonObject | None:
        return await self._inner.external(call)

    async def _follow(
        self,
        client: HttpClient,
        scope: trio.CancelScope,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> None:
        lines = Lines()
        end: ApiError | None = None
        with scope:
            try:
                while end is None and (part := await client.part()) is not None:
                    for line in lines.of(part):
                        event = json.loads(line)
                        if event["type"] == "ERROR":
                            end = error_of(event["object"]["code"], event["object"])
                        else:
                            deliver(event_of(event))
            except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
                end = ConnectionLost()
        client.hang_up()
        if not scope.cancel_called:
            closed(end)

    def _connect(self) -> HttpClient:
        ours, theirs = trio.testing.memory_stream_pair()
        self._nursery.start_soon(serve_connection, theirs, self._front.answer)
        return HttpClient(ours)

    def _wired(self, request: ApiRequest) -> WireRequest:
        info = self._kinds.resolve(request.api_version, request.kind)
        return encode(request, Resource(info.plural, info.namespaced))


def event_of(line: dict[str, Any]) -> WatchEvent:
    return WatchEvent(line["type"], line["object"], int(line["object"]["metadata"]["resourceVersion"]))
