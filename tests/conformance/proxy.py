"""A proxy before a real API server, that writes down what passes: how a recording of one is made.

Clients are pointed at it over plain HTTP on loopback; it speaks to the server as the server wants, under TLS and with a
token or a client certificate of its own, which are written nowhere. Answers are passed on as they come, watches line by
line. What needs another protocol than HTTP (exec, attach, port-forward) is answered 501.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import h11
import orjson
import trio

from reference_impl.apiserver.http.messages import Answer, Broken, HttpRequest
from reference_impl.apiserver.http.watching import WatchAnswer
from reference_impl.errors import NotImplementedByServer
from tests.conformance.http_client import HttpClient
from tests.conformance.wire_form import WireRequest, asks_to_watch

_OWN: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "authorization", "expect"}
)
"""Headers of one connection, or of who asks; answers are asked for as they are, not compressed."""
_ANSWERED: Final = frozenset({"content-type", "content-length", "transfer-encoding", "connection", "date"})
CONNECT_S: Final = 10.0


class BadServer(Exception):
    """The server cannot be used, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The real server. `token`, `ca`, `certificate` (and its key): None where it asks for none."""

    url: str
    token: str | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    async def connect(self) -> HttpClient:
        """Raises OSError, ssl.SSLError, trio.TooSlowError."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with trio.fail_after(CONNECT_S):
            stream: trio.abc.Stream = await trio.open_tcp_stream(parts.hostname or "", port)
            if parts.scheme == "https":
                stream = trio.SSLStream(stream, self._tls(), server_hostname=parts.hostname, https_compatible=True)
                await stream.do_handshake()
        return HttpClient(stream)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context

    def headers(self, request: HttpRequest) -> dict[str, str]:
        sent = {name: value for name, value in request.headers.items() if name not in _OWN}
        return sent if self.token is None else {**sent, "authorization": f"Bearer {self.token}"}


class _PassedWatch(WatchAnswer):
    """A stream of the real server's on its way to the client, piece by piece as whole lines."""

    __slots__ = ("_client", "_rest", "_scope")

    def __init__(self, client: HttpClient, content_type: str) -> None:
        super().__init__(lambda _: b"", content_type)
        self._client = client
        self._rest = b""
        self._scope = trio.CancelScope()

    async def take(self) -> bytes | None:
        try:
            while b"\n" not in self._rest:
                part = await self._client.part()
                if part is None:
                    whole, self._rest = self._rest, b""
                    return whole or None
                self._rest += part
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
            self._broken = True
            raise Broken from None
        lines, _, self._rest = self._rest.rpartition(b"\n")
        return lines + b"\n"

    def close(self) -> None:
        super().close()
        self._client.drop()


class Proxy:
    """Answers as the real server does."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def answer(self, request: HttpRequest) -> Answer | WatchAnswer:
        if "upgrade" in request.headers:
            error = NotImplementedByServer(
                "a recording proxy passes HTTP only: exec, attach and port-forward need more"
            )
            return Answer(error.status, orjson.dumps(error.to_status()))
        target = f"{request.path}?{request.query}" if request.query else request.path
        try:
            client = await self._upstream.connect()
            head = await client.send(WireRequest(request.method, target, self._upstream.headers(request), request.body))
            content_type = head.headers.get("content-type", "")
            if head.status == 200 and asks_to_watch(request.method, request.path, request.query):
                return _PassedWatch(client, content_type)
            content = await client.body()
            client.drop()
        except (OSError, trio.BrokenResourceError, trio.TooSlowError, h11.RemoteProtocolError):
            raise Broken from None
        kept = tuple((name, value) for name, value in head.headers.items() if name not in _ANSWERED)
        return Answer(head.status, content, content_type, kept)


async def version_of(upstream: Upstream) -> str:
    """Raises BadServer."""
    try:
        client = await upstream.connect()
        head = await client.send(WireRequest("GET", "/version", upstream.headers(HttpRequest("GET", "", "", {}))))
        content = await client.body()
        client.drop()
        return str(orjson.loads(content)["gitVersion"])
    except (OSError, trio.BrokenResourceError, trio.TooSlowError, h11.RemoteProtocolError, ssl.SSLError) as error:
        raise BadServer(f"{upstream.url} does not answer: {error or type(error).__name__}. Start it first.") from None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise BadServer(
            f"{upstream.url} answers /version with status {head.status} and no gitVersion: it is no API server, or it "
            "does not know who asks. Give --token or --certificate."
        ) from None
