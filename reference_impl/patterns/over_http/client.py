"""The least client of a Kubernetes API server that the patterns need: one request, one answer, and one open watch.

It is made of nothing but the standard library, so that what is tried is the server and not a client library's retries
and caches: a call is sent once (but for a read whose kept connection the server had closed), and its answer is what is
judged.
"""

import contextlib
import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from reference_impl.patterns.over_http.access import Access
from reference_impl.protocol import JsonObject

PATIENCE_S: Final = 60.0
"""For an answer: a real API server gives up on a request after as long."""
_TRY_LATER: Final = (429, 500, 502, 503, 504)


class Refused(Exception):
    """The server said no, for good: a Status with its code and reason."""

    def __init__(self, asked: str, status: JsonObject) -> None:
        super().__init__(f"{asked}: {status.get('code')} {status.get('reason', '')}: {status.get('message', '')}")
        self.status = int(status.get("code") or 0)
        self.reason = str(status.get("reason", ""))
        self.message = str(status.get("message", ""))
        details = status.get("details") or {}
        self.causes = {str(cause.get("reason")) for cause in details.get("causes") or ()}


class Unanswered(Exception):
    """No answer, or one that says that it cannot be told what happened.

    Args:
        definite: it certainly had no effect.
    """

    def __init__(self, message: str, *, definite: bool) -> None:
        super().__init__(message)
        self.definite = definite


class ApiClient:
    """One connection that is kept, and one more for each watch. To be used by one thread at a time."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.requests = 0
        """How many were sent."""
        self._connection = self._new()

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> JsonObject:
        """Raises Refused, Unanswered."""
        target = with_query(path, query)
        data = None if body is None else json.dumps(body)
        asked = f"{method} {target}"
        self.requests += 1
        # A server may close a connection that it kept: reads, which have no effect, are sent a second time.
        for last in (method != "GET", True):
            try:
                self._connection.request(method, self._path(target), data, self._headers())
                response = self._connection.getresponse()
                content = response.read()
                break
            except (OSError, HTTPException) as error:
                self._connection.close()
                if last or isinstance(error, ConnectionRefusedError):
                    raise _unanswered(asked, self.access, error) from error
        return _answer(asked, response.status, content)

    def watch(self, path: str, **query: Any) -> "LineStream":
        """A watch on a connection of its own. Raises Refused, Unanswered."""
        target = with_query(path, {"watch": "1", **query})
        self.requests += 1
        connection = self._new()
        try:
            connection.connect()
            # http.client forgets the socket of an answer that ends with its connection.
            stream = connection.sock
            connection.request("GET", self._path(target), None, self._headers())
            response = connection.getresponse()
            if response.status != 200:
                _answer(f"GET {target}", response.status, response.read())
        except (OSError, HTTPException) as error:
            connection.close()
            raise _unanswered(f"GET {target}", self.access, error) from error
        except BaseException:
            connection.close()
            raise
        return LineStream(connection, response, stream)

    def close(self) -> None:
        self._connection.close()

    def _path(self, target: str) -> str:
        return urlsplit(self.access.url).path + target

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "seatrial-patterns"}
        return headers if self.access.token is None else {**headers, "Authorization": f"Bearer {self.access.token}"}

    def _new(self) -> HTTPConnection:
        address = urlsplit(self.access.url).netloc
        if self.access.tls is None:
            return HTTPConnection(address, timeout=PATIENCE_S)
        return HTTPSConnection(address, timeout=PATIENCE_S, context=self.access.tls)


class LineStream:
    """The client's end of a watch: events as they come, until either side hangs up."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse, stream: socket.socket) -> None:
        self._connection = connection
        self._response = response
        self._socket = stream

    def patience(self, wait_s: float | None) -> None:
        """How long to wait for the next line; None: for ever. Later, `events` raises TimeoutError."""
        self._socket.settimeout(wait_s)

    def events(self) -> Iterator[JsonObject]:
        """{"type": ..., "object": ...}, ERROR included, until the stream ends or breaks."""
        while True:
            try:
                line = self._response.readline()
            except TimeoutError:
                raise
            except (OSError, ValueError, HTTPException):  # it was closed, by either side
                return
            if not line:
                return
            event: JsonObject = json.loads(line)
            yield event

    def hang_up(self) -> None:
        """Ends `events` in whichever thread reads them."""
        with contextlib.suppress(OSError):  # the other side was faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def with_query(path: str, query: dict[str, Any]) -> str:
    """None leaves a parameter out."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _answer(asked: str, status: int, content: bytes) -> JsonObject:
    answer: JsonObject = {"reason": "no JSON object", "message": content[:200].decode("latin-1")}
    with contextlib.suppress(ValueError):
        decoded = json.loads(content)
        if isinstance(decoded, dict):
            if status < 300:
                return decoded
            answer = decoded
    refused = Refused(asked, {**answer, "code": status})
    if status in _TRY_LATER and not is_about_the_future(refused):
        # Too many requests: it was not begun. Whatever else a server says in these, it may have been.
        raise Unanswered(str(refused), definite=status == 429)
    raise refused


def is_about_the_future(refused: Refused) -> bool:
    """Was it a revision that has not happened? The watch cache says so by a cause, etcd in words (`ErrFutureRev`)."""
    return "ResourceVersionTooLarge" in refused.causes or "future revision" in refused.message


def _unanswered(asked: str, access: Access, error: Exception) -> Unanswered:
    reason = str(error) or type(error).__name__
    return Unanswered(f"{asked} at {access.url}: {reason}", definite=isinstance(error, ConnectionRefusedError))
