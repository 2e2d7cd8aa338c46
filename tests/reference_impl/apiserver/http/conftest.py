"""A front over a plane, and clients whose sockets are memory: nothing waits in real time."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import h11
import pytest
import trio
import trio.testing

from reference_impl.apiserver.http.connection import serve_connection
from reference_impl.apiserver.http.front import Front
from reference_impl.plane import LocalPlane, RealClock
from tests.conformance import planes


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpClient:
    """One connection."""

    stream: Any
    http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"host": "x", **{key.replace("_", "-"): value for key, value in headers.items()}}
        if content:
            named = {"content-type": "application/json", "content-length": str(len(content)), **named}
        pairs = [(key, value.encode("latin-1")) for key, value in named.items()]
        await self.stream.send_all(self.http.send(h11.Request(method=method, target=path, headers=pairs)))
        if content:
            await self.stream.send_all(self.http.send(h11.Data(data=content)))
        self.http.send(h11.EndOfMessage())

    async def event(self) -> Any:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.http.receive_data(await self.stream.receive_some())
        return event

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        await self.send(method, path, body, **headers)
        return await self.reply()

    async def reply(self) -> Reply:
        head = await self.event()
        while isinstance(head, h11.InformationalResponse):
            head = await self.event()
        content = b""
        while isinstance(event := await self.event(), h11.Data):
            content += event.data
        if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE:
            self.http.start_next_cycle()
        named = {name.decode(): value.decode() for name, value in head.headers}
        return Reply(head.status_code, named, content)

    async def watch(self, path: str, **headers: str) -> AsyncIterator[Any]:
        """Events of a watch, until the server ends it."""
        await self.send("GET", path, **headers)
        head = await self.event()
        assert head.status_code == 200, head
        rest = b""
        while isinstance(event := await self.event(), h11.Data):
            rest += event.data
            *lines, rest = rest.split(b"\n")
            for line in lines:
                yield json.loads(line)


@dataclass
class Site:
    plane: LocalPlane
    front: Front
    nursery: trio.Nursery

    def connect(self) -> HttpClient:
        ours, theirs = trio.testing.memory_stream_pair()
        self.nursery.start_soon(serve_connection, theirs, self.front.answer)
        return HttpClient(ours)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return await self.connect().ask(method, path, body, **headers)


@asynccontextmanager
async def site(**options: Any) -> AsyncIterator[Site]:
    async with trio.open_nursery() as nursery:
        plane = LocalPlane(RealClock(nursery), store=planes.new_store())
        backend = options.pop("backend", None) or plane.transport()
        yield Site(plane, Front(backend, plane.kinds, now=plane.clock.now, **options), nursery)
        nursery.cancel_scope.cancel()


@pytest.fixture
def run() -> Callable[..., None]:
    """Run `await test(site)` under virtual time."""

    def start(test: Callable[[Site], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            async with site(**options) as found:
                await test(found)

        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    return start


@pytest.fixture
def config_map() -> Callable[..., dict[str, Any]]:
    def make(name: str = "a", **data: str) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}

    return make
