"""An open watch on its way to one client: events become lines, and lines wait for the socket, up to a bound.

A client that does not read is cut off when more than `PENDING_MAX` bytes wait for it (beyond the initial events, which
it asked for): its next watch starts where it got to, or lists again. The API server behind never waits for a client.

A watch that starts before the history that is kept is answered 200 with one ERROR event, a Status 410, as the watch
cache's `errWatcher` does; every other refusal is an HTTP error.

Source: apiserver `pkg/endpoints/handlers/watch.go`, `storage/cacher/cache_watcher.go` (forget).
"""

from collections.abc import Callable
from typing import Final

import orjson
import trio

from reference_impl.apiserver.http.backend import Backend
from reference_impl.apiserver.http.messages import JSON, Broken
from reference_impl.errors import ApiError, Gone
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent, WatchHandle

PENDING_MAX: Final = 4 * 1024 * 1024
"""Arbitrary: some thousand objects. A real server keeps 100 to 1,000 events a watcher."""
DEFAULT_TIMEOUT_S: Final = 2700.0
"""A watch without timeoutSeconds ends by itself: between 30 and 60 minutes in a real server (--min-request-timeout)."""

Encode = Callable[[WatchEvent], bytes]


class WatchAnswer:
    """Lines of one watch. Made by `open_watch`; whoever sends it takes lines until there are no more, then closes."""

    __slots__ = (
        "_broken", "_bytes_max", "_encode", "_ended", "_handle", "_lines", "_nudged", "_pending", "_wake",
        "content_type", "on_cut", "on_lines",
    )  # fmt: skip

    def __init__(self, encode: Encode, content_type: str = JSON) -> None:
        self.content_type = content_type
        self._encode = encode
        self._lines: list[bytes] = []
        self._pending = 0
        self._bytes_max: int | None = None
        self._wake = trio.Event()
        self._nudged = False
        self._ended = False
        self._broken = False
        self._handle: WatchHandle | None = None
        self.on_lines: Callable[[], None] | None = None
        """Called when a line has come, in place of waking whoever waits in `take` (`courier.py`)."""
        self.on_cut: Callable[[], None] | None = None
        """Called when too much waits: whoever is sending need not wait for the client any longer."""

    def opened(self, handle: WatchHandle) -> None:
        """What waits by now are initial events: from here on more is bounded."""
        self._handle = handle
        self._bytes_max = self._pending + PENDING_MAX

    @property
    def broken(self) -> bool:
        """Did it end without a proper end? Then the connection is broken too."""
        return self._broken

    @property
    def waiting_bytes(self) -> int:
        """What waits for the client to read it."""
        return sum(map(len, self._lines))

    def deliver(self, event: WatchEvent) -> None:
        """Called by the backend, in order; never waits."""
        if self._ended:
            return
        line = self._encode(event)
        self._lines.append(line)
        self._pending += len(line)
        if self._bytes_max is not None and self._pending > self._bytes_max:
            self._lines.clear()
            self._broken = True
            self.closed(None)
            self.close()
            if self.on_cut is not None:
                self.on_cut()
            return
        if self.on_lines is not None:
            self.on_lines()
        else:
            self._wake.set()

    def closed(self, error: ApiError | None) -> None:
        """The backend ended the stream."""
        if self._ended:
            return
        if error is not None and error.status == 0:
            self._broken = True
        elif error is not None:
            self._lines.append(error_line(error))
        self._ended = True
        self._wake.set()

    async def take(self) -> bytes | None:
        """The lines that wait, as one chunk, empty after a `nudge`; None when the stream has ended. Raises Broken."""
        while not self._lines and not self._nudged:
            if self._broken:
                raise Broken
            if self._ended:
                return None
            self._wake = trio.Event()
            await self._wake.wait()
        self._nudged = False
        lines = self.take_lines()
        return lines[0] if len(lines) == 1 else b"".join(lines)

    def take_lines(self) -> list[bytes]:
        """The lines that wait, perhaps none. They are the caller's from now on."""
        lines, self._lines = self._lines, []
        self._pending = 0
        return lines

    def nudge(self) -> None:
        """Whoever waits in `take` is to look around."""
        self._nudged = True
        self._wake.set()

    def close(self) -> None:
        """Nobody reads any more. Idempotent."""
        self._ended = True
        if self._handle is not None:
            self._handle.close()


class EventEncoder:
    """Lines of plain objects. One event goes to many watchers one after the other, so the last line is kept."""

    __slots__ = ("_line", "_object", "_type")

    def __init__(self) -> None:
        self._object: JsonObject | None = None
        self._type = ""
        self._line = b""

    def __call__(self, event: WatchEvent) -> bytes:
        if event.object is not self._object or event.type != self._type:
            self._line = orjson.dumps({"type": event.type, "object": event.object}) + b"\n"
            self._object, self._type = event.object, event.type
        return self._line


async def open_watch(backend: Backend, request: ApiRequest, encode: Encode, content_type: str = JSON) -> WatchAnswer:
    """Open it at the backend. Raises `ApiError`, except Gone, which is an event."""
    answer = WatchAnswer(encode, content_type)
    try:
        handle = await backend.watch(request, answer.deliver, answer.closed)
    except Gone as error:
        answer.closed(error)
    else:
        answer.opened(handle)
    return answer


def error_line(error: ApiError) -> bytes:
    return orjson.dumps({"type": "ERROR", "object": error.to_status()}) + b"\n"
