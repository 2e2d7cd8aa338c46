"""What stands behind the HTTP front: anything that answers requests and opens watches.

A narrower view of `reference_impl.protocol.Transport`: `plane.LocalTransport` fits, and so does the endpoint of a
fabric that delays, loses or duplicates what passes. Two errors have no HTTP form, because no server sent them:
`Unreachable` and `ConnectionLost`. A backend that raises one makes the front break the connection instead of
answering.
"""

from collections.abc import Callable
from typing import Protocol

from reference_impl.errors import ApiError
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent, WatchHandle


class Backend(Protocol):
    """One client's way to an API server."""

    async def request(self, request: ApiRequest) -> JsonObject:
        """Answer a command or a read. Raises `ApiError`. The answer is shared: it is not changed."""

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> WatchHandle:
        """Open a watch; raises `ApiError` if it is refused. `closed(None)`: the server ended it; with an error: the
        connection broke, or the stream ends with that error as an ERROR event."""
