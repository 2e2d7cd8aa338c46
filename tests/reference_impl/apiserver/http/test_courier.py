"""Lines of watches reach every client whole and in order, whoever sends them: the courier, or the connection's task."""

from typing import Any

import trio

from reference_impl.apiserver.http.listener import open_listeners, port_of, serve
from reference_impl.apiserver.http.messages import HttpRequest
from reference_impl.apiserver.http.watching import WatchAnswer
from reference_impl.protocol import WatchEvent

LINES = 1500
LINE_BYTES = 2000
ASKED = b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n"


def line(number: int) -> bytes:
    return f"{number}".zfill(LINE_BYTES - 1).encode() + b"\n"


def event(number: int) -> WatchEvent:
    return WatchEvent("MODIFIED", {"number": number}, number)


class Watched:
    """A server at which each request opens a watch."""

    def __init__(self) -> None:
        self.answers: list[WatchAnswer] = []
        self.clients: list[trio.SocketStream] = []

    async def handle(self, request: HttpRequest) -> WatchAnswer:
        self.answers.append(WatchAnswer(lambda each: line(each.object["number"])))
        return self.answers[-1]

    def deliver(self, *numbers: int) -> None:
        for answer in self.answers:
            for number in numbers:
                answer.deliver(event(number))


def bodies(chunked: bytes) -> bytes:
    """What is in the chunks; they must be whole."""
    found, rest = b"", chunked.partition(b"\r\n\r\n")[2]
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        assert rest[length : length + 2] == b"\r\n"
        found, rest = found + rest[:length], rest[length + 2 :]
    return found


def run(test: Any) -> None:
    async def main() -> None:
        watched = Watched()
        listeners = await open_listeners("127.0.0.1", 0)
        async with trio.open_nursery() as nursery:
            await nursery.start(lambda task_status: serve(listeners, watched.handle, task_status=task_status))
            try:
                with trio.fail_after(240):
                    await test(watched, port_of(listeners))
            finally:
                nursery.cancel_scope.cancel()
                for client in watched.clients:
                    client.socket.close()

    trio.run(main)


async def opened(watched: Watched, port: int, receive_bytes: int | None = None) -> trio.SocketStream:
    client = trio.socket.socket()
    if receive_bytes is not None:
        client.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, receive_bytes)
    await client.connect(("127.0.0.1", port))
    stream = trio.SocketStream(client)
    watched.clients.append(stream)
    count = len(watched.answers)
    await stream.send_all(ASKED)
    while len(watched.answers) == count:
        await trio.sleep(0)
    return stream


async def everything(stream: trio.SocketStream, size: int = 1 << 20) -> bytes:
    found = bytearray()
    while chunk := await stream.receive_some(size):
        found += chunk
    return bytes(found)


def test_a_slow_reader_and_a_fast_one_are_sent_the_same_lines_in_order() -> None:
    """The slow one's socket takes a part of a chunk only, again and again."""

    async def test(watched: Watched, port: int) -> None:
        fast, slow = await opened(watched, port), await opened(watched, port, receive_bytes=4096)
        heard: dict[str, bytes] = {}

        async def read(name: str, stream: trio.SocketStream, size: int) -> None:
            heard[name] = await everything(stream, size)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read, "fast", fast, 1 << 20)
            nursery.start_soon(read, "slow", slow, 3000)
            for number in range(0, LINES, 3):
                watched.deliver(number, number + 1, number + 2)
                await trio.sleep(0)
            for answer in watched.answers:
                answer.closed(None)
        wanted = b"".join(map(line, range(LINES)))
        assert bodies(heard["fast"]) == wanted
        assert bodies(heard["slow"]) == wanted

    run(test)


def test_what_waits_when_a_watch_ends_is_sent_before_its_end() -> None:
    async def test(watched: Watched, port: int) -> None:
        stream = await opened(watched, port)
        watched.deliver(1, 2)
        watched.answers[0].closed(None)
        assert bodies(await everything(stream)) == line(1) + line(2)

    run(test)


def test_who_has_left_is_sent_nothing_and_the_others_all() -> None:
    async def test(watched: Watched, port: int) -> None:
        leaving, staying = await opened(watched, port), await opened(watched, port)
        watched.deliver(1)
        await leaving.aclose()
        for number in range(2, 30):
            watched.deliver(number)
            await trio.sleep(0)
        watched.answers[1].closed(None)
        assert bodies(await everything(staying)) == b"".join(map(line, range(1, 30)))

    run(test)
