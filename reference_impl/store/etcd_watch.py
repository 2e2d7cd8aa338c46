"""A watch of a whole etcd that goes on by itself when a member dies: every event once, in order.

It watches *all* keys, also those of others: every revision of an etcd is an event of some key, so that having heard up
to revision r is always decidable, without progress notifications (which etcd 3.4 and early 3.5 could send too early:
etcd#15220). Revisions are never split between messages, so after a cut the watch goes on after the last whole one, at
the next member, and nothing comes twice. With `hasleader` a member that has lost its majority ends the stream instead
of holding it silently.

A thread, because reading a socket blocks; what it reads is only queued, and everything else happens in the store's own.

Sources: etcd "API", Watch streams and WatchCreateRequest; etcd API guarantees; `rpctypes.MetadataRequireLeaderKey`.
"""

import http.client
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

import orjson

from reference_impl.store.etcd_gateway import PAUSE_S, STALL_S, Endpoints
from reference_impl.store.etcd_keys import EVERYTHING

_HEADERS: Final = {"Content-Type": "application/json", "Grpc-Metadata-hasleader": "true"}


@dataclass(frozen=True, slots=True)
class Heard:
    """Events as etcd sent them, up to and including `revision`. `is_gap`: history up to it was compacted unheard."""

    revision: int
    events: list[dict[str, Any]]
    is_gap: bool = False


class Follower:
    """What happens after revision `after`, for ever.

    Args:
        on_heard: called in the follower's thread whenever there is something to take.
    """

    def __init__(self, endpoints: Endpoints, after: int, on_heard: Callable[[], None] | None = None) -> None:
        self._endpoints = endpoints
        self._after = after
        self.on_heard = on_heard
        self._patience_s = STALL_S
        self._queue: SimpleQueue[Heard] = SimpleQueue()
        self._closed = Event()
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None
        """Of the connection, which forgets it where an answer ends with the connection itself (a proxy's may)."""
        self._thread = Thread(target=self._run, name="etcd watch", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> Heard | None:
        """What was heard next; None if nothing was within `timeout_s` (0: at once) of real time."""
        try:
            return self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except Empty:
            return None

    def wait(self, deadline: float) -> Heard | None:
        """What is heard next, where something must come; None: nothing by `deadline`, in seconds of `monotonic`.

        A member that is silent meanwhile is left for the next, which is given twice as long: one that is merely slow
        would otherwise be left each time before it could answer, for ever.
        """
        while True:
            left_s = max(deadline - monotonic(), 0.0)
            heard = self.take(min(self._patience_s, left_s))
            if heard is not None:
                self._patience_s = STALL_S
                return heard
            if left_s <= self._patience_s:
                return None
            self.move_on()
            self._patience_s *= 2

    def move_on(self) -> None:
        """Give up on the present member: it is silent where it should not be."""
        connected = self._socket
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Idempotent; waits for the thread."""
        self._closed.set()
        # The thread may be between two connections: told once, it could open one more and wait on it.
        while self._thread.is_alive():
            self.move_on()
            self._thread.join(PAUSE_S)

    def _run(self) -> None:
        while not self._closed.is_set():
            # ValueError: not JSON, or a response that another thread has closed.
            with suppress(OSError, http.client.HTTPException, ValueError):
                self._follow()
            if self._connection is not None:
                self._connection.close()
                self._connection = self._socket = None
            self._endpoints.next()
            self._closed.wait(PAUSE_S)

    def _follow(self) -> None:
        self._connection = connection = self._endpoints.connect(STALL_S)
        self._socket = connection.sock
        request = {"key": EVERYTHING, "range_end": EVERYTHING, "start_revision": self._after + 1, "prev_kv": True}
        connection.request("POST", "/v3/watch", orjson.dumps({"create_request": request}), _HEADERS)
        connection.sock.settimeout(None)
        response = connection.getresponse()
        while not self._closed.is_set() and (line := response.readline()):
            result = orjson.loads(line).get("result")
            if result is None:
                return
            if "compact_revision" in result:
                self._hear(Heard(int(result["compact_revision"]), [], is_gap=True))
                return
            if result.get("canceled"):
                return
            if result.get("events"):
                self._take_in(result["events"])

    def _take_in(self, events: list[dict[str, Any]]) -> None:
        new = [event for event in events if int(event["kv"]["mod_revision"]) > self._after]
        if new:
            self._hear(Heard(int(new[-1]["kv"]["mod_revision"]), new))

    def _hear(self, heard: Heard) -> None:
        self._after = max(self._after, heard.revision)
        self._queue.put(heard)
        if self.on_heard is not None:
            self.on_heard()
