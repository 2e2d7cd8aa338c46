"""An API server whose requests and watches go over HTTP, for tests that are written against `ApiServer` itself.

`HttpServer` has the two verbs of `ApiServer` and forwards everything else to the one behind it. Each request becomes
bytes, passes h11 twice, `connection.py` and `front.py`, and comes back as bytes. The sockets are memory, and trio is
stepped until nothing moves any more (`harness/kernel.py`), so that a test reads as it does in process: when a call
returns, all watches have what it caused. Time stands still unless somebody waits for it.
"""

import json
import math
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import h11
import trio
import trio.testing

from harness.kernel import DirectKernel
from reference_impl.apiserver.http.connection import Handler, serve_connection
from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError
from reference_impl.plane import LocalTransport
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent
from tests.conformance.http_client import Head, HttpClient, Lines, event_of
from tests.conformance.wire_form import Resource, encode, error_of


class HttpStream:
    """The client's end of a watch: what `watch_stream.WatchStream` is in process."""

    def __init__(self, sink: Callable[[WatchEvent], None]) -> None:
        self._sink = sink
        self.scope = trio.CancelScope()
        self.refused: ApiError | None = None
        self.opened = False
        self.on_closed: Callable[[], object] = lambda: None
        self.hang_up: Callable[[], object] = lambda: None

    def close(self) -> None:
        self.on_closed = lambda: None
        self._sink = lambda _: None
        self.hang_up()

    def take(self, line: bytes) -> None:
        event = json.loads(line)
        if event["type"] == "ERROR":
            self.refused = error_of(event["object"]["code"], event["object"])
        else:
            self._sink(event_of(event))


class Wire:
    """A kernel and what runs in it: fronts and their clients. Must be closed."""

    def __init__(self) -> None:
        self._kernel = DirectKernel()
        self._moving = False

    def close(self) -> None:
        self._kernel.stop()

    def run(self, function: Callable[[], Awaitable[Any]]) -> Any:
        """Its result, once it has one and nothing else moves. Raises what it raises."""
        results: deque[Any] = deque()
        failures: list[Exception] = []

        async def task() -> None:
            try:
                results.append(await function())
            except Exception as error:
                failures.append(error)

        self._kernel.nursery.start_soon(task)
        self.settle()
        while not results and not failures:
            assert self._kernel.clock.next_deadline_s < math.inf, "nobody will ever answer"
            self._kernel.clock.now_s = self._kernel.clock.next_deadline_s
            self.settle()
        if failures:
            raise failures[0]
        return results.popleft()

    def settle(self) -> None:
        """Until nothing moves any more. What is called while something moves (a commit's event) need not wait."""
        if not self._moving:
            self._moving = True
            try:
                self._kernel.pump()
            finally:
                self._moving = False

    def connect(self, answer: Handler) -> HttpClient:
        ours, theirs = trio.testing.memory_stream_pair()
        self._kernel.nursery.start_soon(serve_connection, theirs, answer)
        return HttpClient(ours)

    def start(self, function: Callable[[], Awaitable[None]]) -> None:
        self._kernel.nursery.start_soon(function)
        self.settle()


class HttpServer:
    """See the module. `server` is the one behind it."""

    def __init__(self, server: ApiServer, kinds: KindRegistry, wire: Wire, now: Callable[[], datetime]) -> None:
        front = Front(LocalTransport(server), kinds, now=now)
        vars(self).update(_server=server, _kinds=kinds, _wire=wire, _front=front)

    def __getattr__(self, name: str) -> Any:
        found = getattr(vars(self)["_server"], name)
        if not callable(found):
            return found

        def then_settle(*args: Any, **options: Any) -> Any:
            result = found(*args, **options)
            self._wire.settle()
            return result

        return then_settle

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(vars(self)["_server"], name, value)

    def handle(self, request: ApiRequest) -> JsonObject:
        """As `ApiServer.handle`."""
        wired = encode(request, self._resource(request))

        async def ask() -> tuple[Head, bytes]:
            client = self._wire.connect(self._front.answer)
            head = await client.send(wired)
            body = await client.body()
            client.hang_up()
            return head, body

        head, body = self._wire.run(ask)
        answer: JsonObject = json.loads(body)
        if head.status >= 400:
            raise error_of(head.status, answer, head.headers)
        if request.notes is not None:
            request.notes.created = head.status == 201 and request.verb == "patch"
        return answer

    def open_watch(self, request: ApiRequest, sink: Callable[[WatchEvent], None]) -> HttpStream:
        """As `ApiServer.open_watch`."""
        wired = encode(request, self._resource(request))
        stream = HttpStream(sink)
        client = self._wire.connect(self._front.answer)

        async def watch() -> None:
            head = await client.send(wired)
            if head.status != 200:
                stream.refused = error_of(head.status, json.loads(await client.body()))
                return
            lines = Lines()
            try:
                while (part := await client.part()) is not None:
                    for line in lines.of(part):
                        stream.take(line)
            except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
                return
            stream.on_closed()

        def hang_up() -> None:
            client.hang_up()
            self._wire.settle()

        stream.hang_up = hang_up
        self._wire.start(watch)
        if stream.refused is not None:
            raise stream.refused
        return stream

    def _resource(self, request: ApiRequest) -> Resource:
        info = self._kinds.resolve(request.api_version, request.kind)
        return Resource(info.plural, info.namespaced)
