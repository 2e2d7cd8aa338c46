"""How fast the API is over HTTP, next to a bare h11 echo on the same machine in the same run.

    python -m tests.benchmarks.wire

Each server is a process of its own, and what counts is its processor time: the clients and whatever else runs beside it
do not. A GET is of a ConfigMap of 0.4 KB, by 32 connections that wait for their answers. An event is one line of one
watch: 20 watchers hear of every PUT, so the writes are in the figure. The echo parses a request with h11 and answers as
many bytes with h11, on trio, and does nothing else.
"""

import argparse
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import h11
import trio

from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.listener import open_listeners, port_of, serve
from reference_impl.plane import LocalPlane, RealClock

CONNECTIONS: Final = 32
WATCHERS: Final = 20
WRITERS: Final = 4
MAPS: Final = "/api/v1/namespaces/default/configmaps"
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """Per second of the server's processor time."""

    gets: float
    echoes: float
    events: float

    @property
    def ratio(self) -> float:
        return self.gets / self.echoes


# ------------------------------------------------------------------------------------------------------------- servers


async def run_plane() -> None:
    async with trio.open_nursery() as nursery:
        plane = LocalPlane(RealClock(nursery), track_on_create=True, call_webhooks=True)
        front = Front(plane.transport(), plane.kinds, now=plane.clock.now)
        listeners = await open_listeners("127.0.0.1", 0)
        await nursery.start(lambda task_status: serve(listeners, front.answer, task_status=task_status))
        print(port_of(listeners), flush=True)


async def run_echo() -> None:
    async def answer(stream: trio.SocketStream) -> None:
        http = h11.Connection(h11.SERVER)
        body = b"x" * 600
        head = h11.Response(status_code=200, headers=[("Content-Type", "x/y"), ("Content-Length", str(len(body)))])
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(bytes(await stream.receive_some(65536)))
            elif isinstance(event, h11.EndOfMessage):
                sent = http.send(head) or b""
                await stream.send_all(sent + (http.send(h11.Data(data=body)) or b"") + (http.send(event) or b""))
                http.start_next_cycle()
            elif isinstance(event, h11.ConnectionClosed):
                return

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(listeners[0].socket.getsockname()[1], flush=True)
    await trio.serve_listeners(answer, listeners)


# ------------------------------------------------------------------------------------------------------------- clients


class Server:
    """One of the two, in a process of its own."""

    def __init__(self, kind: str) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.wire", "--serve", kind]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate()

    def processor_s(self) -> float:
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    @contextmanager
    def connections(self, count: int) -> Iterator[list[socket.socket]]:
        with ExitStack() as stack:
            found = [stack.enter_context(socket.create_connection(("127.0.0.1", self.port))) for _ in range(count)]
            for each in found:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield found


def message(method: str, path: str, body: Any = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nUser-Agent: bench/1\r\n"
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"\r\n" + content


def answer(client: socket.socket) -> bytes:
    """One whole answer with a Content-Length."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += received(client)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += received(client)
    assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), found
    return body


def received(client: socket.socket) -> bytes:
    found = client.recv(65536)
    if not found:
        raise ConnectionError("the server hung up")
    return found


def config_map(number: int) -> dict[str, Any]:
    data = {"number": str(number), "text": "x" * 100}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


def rate_of_gets(server: Server, count: int, path: str) -> float:
    asked = message("GET", path)
    with server.connections(CONNECTIONS) as clients:

        def rounds(number: int) -> None:
            for _ in range(number):
                for client in clients:
                    client.sendall(asked)
                for client in clients:
                    answer(client)

        rounds(4)
        before_s = server.processor_s()
        rounds(count // CONNECTIONS)
        return count / max(server.processor_s() - before_s, _TICK_S)


def rate_of_events(server: Server, writes: int) -> float:
    with server.connections(WATCHERS) as watchers, server.connections(WRITERS) as writers:
        for client in watchers:
            client.sendall(message("GET", f"{MAPS}?watch=1"))
        with selectors.DefaultSelector() as selector:
            for client in watchers:
                selector.register(client, selectors.EVENT_READ)
            reader = _Reader(selector)
            reader.until(lambda: reader.answers >= WATCHERS and reader.lines >= WATCHERS)
            before_s = server.processor_s()
            reader.lines = 0
            for start in range(0, writes, WRITERS):
                for number, client in enumerate(writers):
                    client.sendall(message("PUT", f"{MAPS}/a", config_map(1 + start + number)))
                for client in writers:
                    answer(client)
                reader.once(0)
            reader.until(lambda: reader.lines >= writes * WATCHERS)
            return writes * WATCHERS / max(server.processor_s() - before_s, _TICK_S)


class _Reader:
    """Counts lines of watches as they come."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self.lines = 0
        self.answers = 0

    def until(self, done: Callable[[], bool]) -> None:
        deadline_wall_s = time.monotonic() + 120
        while not done():
            assert time.monotonic() < deadline_wall_s, f"{self.lines} lines came"
            self.once(1)

    def once(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            found = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]
            self.answers += found.startswith(b"HTTP/1.1 200")
            self.lines += found.count(b"}\n")


def measure(gets: int, writes: int) -> Figures:
    with Server("echo") as echo, Server("plane") as plane:
        with plane.connections(1) as (client,):
            client.sendall(message("POST", MAPS, config_map(0)))
            answer(client)
        # Both halves of the run see the same neighbours.
        found = [(rate_of_gets(plane, gets, f"{MAPS}/a"), rate_of_gets(echo, gets, "/a")) for _ in range(2)]
        ours, bare = (sum(each) / len(found) for each in zip(*found, strict=True))
        return Figures(ours, bare, rate_of_events(plane, writes))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", choices=("plane", "echo"))
    parser.add_argument("--gets", type=int, default=16_000)
    parser.add_argument("--writes", type=int, default=2_000)
    options = parser.parse_args()
    if options.serve:
        trio.run(run_plane if options.serve == "plane" else run_echo)
        return
    found = measure(options.gets, options.writes)
    print(f"GET                {found.gets:10,.0f} /s")
    print(f"bare h11 echo      {found.echoes:10,.0f} /s")
    print(f"GET / echo         {found.ratio:10.2f}")
    print(f"delivered events   {found.events:10,.0f} /s")


if __name__ == "__main__":
    main()
