"""Plays a recording's requests in order against a fresh server of ours, and holds its answers against the recorded.

The server is an API server by itself, over HTTP (sockets in memory) and the store one names: what is compared is what
it answers, not what controllers do, so a recording should be of a server by itself too (`seatrial serve --api-only`, or
kube-apiserver without a controller manager). Its clock is the recording's: it shows when each answer was given.

A request is played where its answer stands in the recording. Requests that ran at the same time may have been decided
in another order than that by a real server; what differs then shows, and is the recording's to avoid.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import h11
import trio

from reference_impl.apiserver.http.connection import Handler
from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.recording import body_of
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.cluster import USER
from reference_impl.plane import LocalTransport
from reference_impl.store.port import Store
from tests.conformance.correspondence import Correspondence
from tests.conformance.difference import HEADERS, Comparison, Difference, Found, WatchComparison, bodies, shown
from tests.conformance.http_client import Head, HttpClient, Lines
from tests.conformance.http_server import Wire
from tests.conformance.recording import NOTHING, Body, Exchange, Recording, body
from tests.conformance.wire_form import WireRequest, asks_to_watch

_LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
_READS: Final = ("GET", "HEAD")


@dataclass(slots=True)
class Outcome:
    """What a comparison ends with."""

    differences: list[Difference] = field(default_factory=list)
    played: int = 0
    not_played: list[str] = field(default_factory=list)
    cut: int = 0
    """Answers that were too long to be recorded: of these only status and headers are compared."""


@dataclass(slots=True)
class Clock:
    now: datetime = _LONG_AGO

    def read(self) -> datetime:
        return self.now


class FreshServer:
    """An API server over an empty store, and connections to it. Must be closed.

    Args:
        store: where it keeps objects.
        change: puts something before its answers.
        clock: what time it is; its owner moves it.
        seed: of uids and generated names.
    """

    def __init__(
        self,
        store: Store,
        change: Callable[[Front], Handler] | None = None,
        *,
        clock: Clock | None = None,
        seed: int = 0,
    ) -> None:
        self.clock = clock or Clock()
        now = self.clock.read
        kinds = KindRegistry()
        server = ApiServer(store, now=now, random=random.Random(seed), kinds=kinds, track_on_create=True)
        store.subscribe(server.apply)
        server.bootstrap()
        self._wire = Wire()
        front = Front(LocalTransport(server), kinds, now=now, user=USER)
        self._answer: Handler = front.answer if change is None else change(front)

    def close(self) -> None:
        self._wire.close()

    def ask(self, request: WireRequest) -> tuple[Head, bytes]:
        client = self._wire.connect(self._answer)

        async def ask() -> tuple[Head, bytes]:
            head = await client.send(request)
            content = await client.body()
            client.hang_up()
            return head, content

        found: tuple[Head, bytes] = self._wire.run(ask)
        return found

    def wait_served(self, path: str) -> None:
        """A definition is served in the commit that creates it."""

    def watch(self, request: WireRequest, take: Callable[[bytes], None]) -> tuple[Head, bytes]:
        """Head, and the body if it is no watch after all; `take` gets each line, now and later."""
        client = self._wire.connect(self._answer)

        async def open_() -> tuple[Head, bytes]:
            head = await client.send(request)
            return head, b"" if head.status == 200 else await client.body()

        found: tuple[Head, bytes] = self._wire.run(open_)
        if found[0].status == 200:
            self._wire.start(lambda: _follow(client, take))
        return found


async def _follow(client: HttpClient, take: Callable[[bytes], None]) -> None:
    lines = Lines()
    try:
        while (part := await client.part()) is not None:
            for line in lines.of(part):
                take(line)
    except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
        return


class _Replay:
    def __init__(self, server: FreshServer, start: datetime) -> None:
        self._server = server
        self._start = start
        server.clock.now = start
        self._same = Correspondence()
        self._watches: list[tuple[Exchange, WatchComparison]] = []
        self.outcome = Outcome()

    def play(self, exchange: Exchange) -> None:
        if not exchange.body.known:
            self.outcome.not_played.append(f"{exchange.line}: its body was too long to be recorded")
            return
        self._look_at_watches()
        request = self._translated(exchange)
        self.outcome.played += 1
        self._server.clock.now = self._start + timedelta(seconds=exchange.at_s)
        if exchange.is_watch or asks_to_watch(exchange.method, exchange.path, exchange.query):
            watch = WatchComparison(self._same, exchange.events)
            head, content = self._server.watch(request, lambda line: watch.take(body(body_of(line))))
            self._watches.append((exchange, watch))
        else:
            head, content = self._server.ask(request)
        self._note(exchange, self._answers(exchange, head, content))

    def finish(self) -> None:
        for exchange, watch in self._watches:
            self._note(exchange, watch.rest())
        self.outcome.differences.sort(key=lambda each: int(each.request[1:].partition(" ")[0]))

    def _look_at_watches(self) -> None:
        for exchange, watch in self._watches:
            self._note(exchange, watch.so_far())

    def _answers(self, exchange: Exchange, head: Head, content: bytes) -> Found:
        if head.status != exchange.status:
            yield "status", exchange.status, head.status
        for name in HEADERS:
            theirs, mine = exchange.answer_headers.get(name), head.headers.get(name)
            if theirs != mine:
                yield f"header {name}", theirs, mine
        self.outcome.cut += not exchange.answer.known
        if not exchange.is_watch:
            ours = body(body_of(content)) if content else NOTHING
            comparison = Comparison(self._same, prefix=_generated(exchange.body), is_told=exchange.method not in _READS)
            yield from bodies(comparison, "$", exchange.answer, ours)

    def _note(self, exchange: Exchange, found: Iterator[tuple[str, Any, Any]]) -> None:
        self.outcome.differences += [
            Difference(exchange.line, at, shown(recorded), shown(ours)) for at, recorded, ours in found
        ]

    def _translated(self, exchange: Exchange) -> WireRequest:
        same = self._same
        pairs = parse_qsl(exchange.query, keep_blank_values=True)
        meant = [(name, _option(same, name, value)) for name, value in pairs]
        query = exchange.query if meant == pairs else urlencode(meant)
        path = same.text(exchange.path)
        sent = exchange.body
        content = Body(json=same.request(sent.json), is_json=True).sent() if sent.is_json else sent.sent()
        return WireRequest(exchange.method, f"{path}?{query}" if query else path, exchange.headers, content)


def compare(recording: Recording, store: Store, change: Callable[[Front], Handler] | None = None) -> Outcome:
    """Play it all. `change` puts something before the server's answers, for tests of this."""
    server = FreshServer(store, change)
    try:
        replay = _Replay(server, recording.start)
        for exchange in recording.exchanges:
            replay.play(exchange)
        replay.finish()
    finally:
        server.close()
    return replay.outcome


def _option(same: Correspondence, name: str, value: str) -> str:
    if name == "resourceVersion":
        return same.revision(value)
    return same.token(value) if name == "continue" else same.text(value)


def _generated(sent: Body) -> str | None:
    """The generateName of an object that is sent without a name."""
    metadata = sent.json.get("metadata") if isinstance(sent.json, dict) else None
    if not isinstance(metadata, dict) or metadata.get("name"):
        return None
    return metadata.get("generateName")
