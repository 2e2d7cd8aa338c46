"""Takes the lines of many watches to their sockets, without waking a task for each.

One write is heard of by every watcher. Twenty tasks that wake, send some hundred bytes and wait again cost more than
the bytes; so one task writes to all sockets whose watches have something to say, all that waits at a time, and the same
chunk for all that wait for the same lines. A socket that does not take a chunk whole is left to its connection's own
task, which waits for the client with all its limits, and until that is done the courier passes it by.

Only for plain sockets, of systems where a socket is a file descriptor: under TLS each connection sends for itself.
"""

import os
from typing import Final

import trio

from reference_impl.apiserver.http.watching import WatchAnswer

_IS_POSIX: Final = os.name == "posix"


class Courier:
    """One for all connections of a server; `run` is its task."""

    __slots__ = ("_chunk", "_due", "_lines", "_wake")

    def __init__(self) -> None:
        self._due: list[Outlet] = []
        self._wake = trio.Event()
        self._lines: list[bytes] = []
        self._chunk = b""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake = trio.Event()
            due, self._due = self._due, []
            for outlet in due:
                outlet.flush(self)
            self._lines, self._chunk = [], b""

    def call_for(self, outlet: "Outlet") -> None:
        """Something waits there."""
        self._due.append(outlet)
        self._wake.set()

    def chunk_of(self, lines: list[bytes]) -> bytes:
        """As HTTP has it; made once for the watches that wait for the same."""
        if lines != self._lines:
            self._lines, self._chunk = lines, framed(b"".join(lines))
        return self._chunk


class Outlet:
    """Where one watch's lines leave for one client: by the courier, or by the connection's own task.

    Args:
        courier: None: the task sends everything.
    """

    __slots__ = ("_answer", "_called", "_courier", "_idle", "_rest", "_stream")

    def __init__(self, answer: WatchAnswer, stream: trio.abc.Stream, courier: Courier | None) -> None:
        self._answer = answer
        self._stream = stream if isinstance(stream, trio.SocketStream) else None
        self._courier = courier
        self._rest = b""
        """What the courier could not send."""
        self._idle = False
        """Does the task wait for lines? Only then may the courier send."""
        self._called = False
        if courier is not None and self._stream is not None and _IS_POSIX:
            answer.on_lines = self._call

    async def next_bytes(self) -> bytes | None:
        """What the connection's task is to send; None when the watch has ended. Raises Broken."""
        while True:
            self._idle = True
            try:
                chunk = await self._answer.take()
            finally:
                self._idle = False
            # Lines may have come since the courier got stuck: they are younger than its rest.
            rest, self._rest = self._rest, b""
            if chunk:
                return rest + framed(chunk)
            if rest:
                return rest  # that the watch has ended, `take` says again
            if chunk is None:
                return None

    def flush(self, courier: Courier) -> None:
        """Send what waits, as far as the socket takes it at once."""
        self._called = False
        if not self._idle:
            return
        lines = self._answer.take_lines()
        if not lines:
            return
        chunk = courier.chunk_of(lines)
        sent = sent_at_once(self._stream, chunk)
        if sent < len(chunk):
            self._rest = chunk[sent:]
            self._idle = False
            self._answer.nudge()

    def _call(self) -> None:
        # A task that is sending takes what has come meanwhile by itself.
        if self._idle and not self._called and self._courier is not None:
            self._called = True
            self._courier.call_for(self)


def framed(chunk: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112, section 7.1): its length, itself, and the ends of two lines."""
    return b"%x\r\n%b\r\n" % (len(chunk), chunk)


def sent_at_once(stream: trio.abc.Stream | None, data: bytes) -> int:
    """How many bytes a stream's socket has taken without waiting. An error of the socket's counts as none: whoever
    sends the rest meets it. None are sent by what is no plain socket.

    trio's own `send_all` would first give all other tasks a turn. Nobody else may be sending.
    """
    if not _IS_POSIX or not isinstance(stream, trio.SocketStream):
        return 0
    try:
        return os.write(stream.socket.fileno(), data)
    except OSError:
        return 0
