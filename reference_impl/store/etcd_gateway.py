"""Calls to etcd over its JSON gateway: several endpoints, bounded time, and a retry only where it cannot do harm.

The gateway is part of etcd itself and needs nothing but HTTP, where gRPC needs generated stubs that no well-kept
distribution on PyPI has for Python. Its cost is base64 and a second hop inside the server.

A read may be asked again of another member. A write may only be sent again if it was certainly never sent: a refused
connection is tried elsewhere, but once bytes are out, a lost answer means that the write may be committed, and that is
said (`StoreUnavailable.definite`). etcd's own client draws the line in the same place.

Not supported: etcd's user names and passwords.

Sources: etcd "gRPC gateway"; etcd `client/v3/retry_interceptor.go`, `api/v3rpc/rpctypes/error.go`.
"""

import http.client
import select
import ssl
from collections.abc import Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from reference_impl.store.port import StoreFull, StoreUnavailable, StoreUnusable

PAUSE_S: Final = 0.05
"""Between attempts: etcd's client waits about as long ("backoffWaitBetween", 25 ms)."""
STALL_S: Final = 1.0
"""A read that takes longer is asked of the next member, which then has twice as long: an overloaded etcd must not be
asked ever anew without being given the time to answer. etcd's heartbeat and election take 0.1 s and 1 s."""

_READS: Final = frozenset({"kv/range", "lease/timetolive"})
_NOT_FOUND, _RESOURCE_EXHAUSTED, _INVALID, _OUT_OF_RANGE = 5, 8, 3, 11
"""gRPC status codes."""


class Refused(Exception):
    """etcd answered with an error that its caller knows how to read; the call had no effect."""

    @property
    def is_compacted(self) -> bool:
        return "has been compacted" in str(self)

    @property
    def is_future(self) -> bool:
        return "future revision" in str(self)

    @property
    def is_lease_not_found(self) -> bool:
        return "requested lease not found" in str(self)


class Endpoints:
    """Addresses of the members, and whose turn it is."""

    def __init__(self, urls: Sequence[str], context: ssl.SSLContext | None = None) -> None:
        if not urls:
            raise StoreUnusable("no etcd endpoint given; name one, such as http://127.0.0.1:2379")
        self._urls = [urlsplit(url if "//" in url else f"http://{url}") for url in urls]
        for url, given in zip(self._urls, urls, strict=True):
            if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/"):
                raise StoreUnusable(f"{given!r} is not an etcd endpoint; use http://HOST:PORT or https://HOST:PORT")
        self._context = context
        self._turn = 0

    def copy(self) -> "Endpoints":
        """The same addresses, with a turn of their own: for another thread."""
        twin = Endpoints.__new__(Endpoints)
        twin._urls, twin._context, twin._turn = self._urls, self._context, self._turn
        return twin

    def next(self) -> None:
        self._turn += 1

    def connect(self, timeout_s: float) -> http.client.HTTPConnection:
        """Raises OSError: nothing was sent then."""
        url = self._urls[self._turn % len(self._urls)]
        assert url.hostname is not None, url
        connection: http.client.HTTPConnection
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(
                url.hostname, url.port or 2379, timeout=timeout_s, context=self._context
            )
        else:
            connection = http.client.HTTPConnection(url.hostname, url.port or 2379, timeout=timeout_s)
        connection.connect()
        return connection

    def __str__(self) -> str:
        return ", ".join(url.geturl() for url in self._urls)


class Gateway:
    """One connection at a time, kept open; used by one thread.

    Args:
        timeout_s: how long one call may take, all attempts together, in seconds of real time.
    """

    def __init__(self, endpoints: Endpoints, timeout_s: float) -> None:
        self.endpoints = endpoints
        self.timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None
        self._closed = Event()

    def close(self) -> None:
        """Idempotent."""
        self._closed.set()
        self._drop()

    def call(self, path: str, body: Mapping[str, Any], *, is_safe: bool) -> dict[str, Any]:
        """The answer to `/v3/<path>`.

        Args:
            is_safe: the call may be made twice.

        Raises:
            Refused: etcd says why not.
            StoreUnavailable: nobody answered in time; StoreFull: etcd's space quota is used up.
        """
        deadline = monotonic() + self.timeout_s
        last = "no answer"
        tls = ""
        was_sent = False
        stall_s = STALL_S
        while (left_s := deadline - monotonic()) > 0 and not self._closed.is_set():
            try:
                connection = self._connect(min(left_s, stall_s))
            except (OSError, http.client.HTTPException) as error:
                last = str(error)
                tls = last if isinstance(error, ssl.SSLError) else tls
            else:
                was_sent = True
                try:
                    return self._exchange(connection, path, body, min(left_s, stall_s) if is_safe else left_s)
                except (OSError, http.client.HTTPException) as error:
                    last = str(error) or type(error).__name__
                    tls = last if isinstance(error, ssl.SSLError) else tls
                except _Unavailable as error:
                    last = str(error)
                if not is_safe:
                    break
            stall_s *= 2
            self._drop()
            self.endpoints.next()
            self._closed.wait(min(PAUSE_S, max(0.0, deadline - monotonic())))
        self._drop()
        self.endpoints.next()
        raise StoreUnavailable(
            # A member that does not like a certificate says more by that than by being slow afterwards.
            f"etcd ({self.endpoints}) did not answer: {tls or last}",
            definite=not was_sent or path in _READS,
        )

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        connection = self._connection
        # A kept connection that has something to read, though nothing was asked, was closed by the other side: to find
        # that out by sending a write would make a harmless event an unknown outcome.
        if connection is not None and connection.sock is not None:
            if not select.select([connection.sock], [], [], 0)[0]:
                return connection
            self._drop()
        self._connection = self.endpoints.connect(timeout_s)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self, connection: http.client.HTTPConnection, path: str, body: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        connection.sock.settimeout(timeout_s)
        connection.request("POST", f"/v3/{path}", orjson.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise _Unavailable(f"an answer that is not etcd's: {content[:80].decode('latin-1').strip()!r}") from None
        if response.status != http.client.OK:
            raise _error_of(answer)
        if not isinstance(answer, dict):
            raise _Unavailable(f"an answer that is not etcd's: {answer!r:.80}")
        return answer


class _Unavailable(Exception):
    """This member cannot answer now; whether the call had an effect is unknown."""


def _error_of(answer: Any) -> Exception:
    found = answer if isinstance(answer, dict) else {}
    message, code = str(found.get("message") or found.get("error") or answer), found.get("code")
    if "database space exceeded" in message:
        return StoreFull(f"etcd is full ({message}); compact and defragment it, then disarm the alarm")
    if code in (_NOT_FOUND, _OUT_OF_RANGE):
        return Refused(message)
    if code in (_INVALID, _RESOURCE_EXHAUSTED):
        # Refused before it was proposed: too large, malformed, or "too many requests".
        return StoreUnavailable(f"etcd refused: {message}", definite=True)
    return _Unavailable(message)
