"""A raw watch as an async iterator: what a hand-written client uses instead of an informer.

Events are queued as they are delivered and handed out one at a time, as copies. The stream resumes nothing: going on
after a break, from which revision, is its user's decision (and a source of real bugs).
Source: client-go `watch.Interface`, Kubernetes API concepts "Efficient detection of changes".
"""

from collections import deque
from typing import Any

from reference_impl.errors import ApiError, Gone
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, Transport, WatchEvent, WatchHandle
from reference_impl.runtime.signal import Signal
from reference_impl.runtime.status_error import error_of_status


class WatchStream:
    """Iterate once. Opens the watch at the first step; `aclose` ends it early.

    Args:
        raw: ERROR and BOOKMARK are yielded as events; otherwise ERROR is raised and BOOKMARK is hidden.
    """

    def __init__(self, transport: Transport, request: ApiRequest, *, raw: bool) -> None:
        self._transport = transport
        self._request = request
        self._raw = raw
        self._events: deque[WatchEvent] = deque()
        self._changed = Signal()
        self._handle: WatchHandle | None = None
        self._opened = False
        self._ended = False
        self._error: ApiError | None = None

    def __aiter__(self) -> "WatchStream":
        return self

    async def __anext__(self) -> dict[str, Any]:
        if not self._opened:
            self._opened = True
            try:
                self._handle = await self._transport.watch(self._request, self._deliver, self._closed)
            except Gone as expired:
                if not self._raw:
                    raise
                # On the wire it is an event, too: 200 OK, one ERROR line, and the end.
                self._ended = True
                return {"type": "ERROR", "object": expired.to_status()}
        while not self._events:
            if self._ended:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        event = self._events.popleft()
        if event.type == "ERROR" and not self._raw:
            await self.aclose()
            raise error_of_status(event.object)
        return {"type": event.type, "object": copy_json(event.object)}

    async def aclose(self) -> None:
        """Stop. Idempotent; what was not yet handed out is dropped."""
        self._opened = self._ended = True
        self._events.clear()
        if self._handle is not None:
            self._handle.close()

    def _deliver(self, event: WatchEvent) -> None:
        if self._ended or (event.type == "BOOKMARK" and not self._raw):
            return
        self._events.append(event)
        self._changed.set()

    def _closed(self, error: ApiError | None) -> None:
        if not self._ended:
            self._ended = True
            self._error = error
            self._changed.set()
