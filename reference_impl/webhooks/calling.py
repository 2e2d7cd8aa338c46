"""One call of a webhook: a POST over HTTPS, under the authority that its configuration names, within its time.

A connection is made for each call. Webhooks behind a Service cannot be reached: nothing runs in the pods here, so
there is nothing at a Service's address. They fail, by their failurePolicy, with a message that says so.

Sources: apiserver `pkg/util/webhook/client.go`; client-go `rest/request.go` (transformResponse); messages of Go's
`net/http` and `crypto/tls`.
"""

import binascii
import errno
import ssl
from base64 import b64decode
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11
import orjson
import trio

from reference_impl.protocol import JsonObject
from reference_impl.webhooks.configurations import Webhook

ANSWER_MAX: Final = 3 * 1024 * 1024
"""As many bytes as a request may have."""
_READ: Final = 64 * 1024


class CallFailed(Exception):
    """There is no answer to look at; the text says why, as Go words it."""


async def call(hook: Webhook, review: JsonObject) -> bytes:
    """The body of a 200. Raises CallFailed."""
    client = hook.client
    url = client.get("url")
    if url is None:
        service = client.get("service") or {}
        raise CallFailed(
            f"failed to call webhook: service {service.get('namespace')}/{service.get('name')} leads nowhere: this "
            "reference server runs no containers; use clientConfig.url"
        )
    tls = _context(client.get("caBundle"))
    try:
        with trio.fail_after(hook.timeout_s):
            return await _post(urlsplit(url), tls, orjson.dumps(review), hook.timeout_s)
    except trio.TooSlowError:
        raise CallFailed(_failed(url, hook.timeout_s, "context deadline exceeded")) from None
    except (OSError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
        raise CallFailed(_failed(url, hook.timeout_s, _why(error, urlsplit(url)))) from None


def _failed(url: str, timeout_s: int, why: str) -> str:
    return f'failed to call webhook: Post "{url}?timeout={timeout_s}s": {why}'


@lru_cache(maxsize=64)
def _context(bundle: str | None) -> ssl.SSLContext:
    """Without a bundle this machine's own authorities are trusted. Raises CallFailed."""
    if not bundle:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cadata=b64decode(bundle).decode("ascii"))
    except (binascii.Error, ssl.SSLError, ValueError) as error:
        raise CallFailed(f"could not get REST client: unable to load root certificates: {error}") from None


async def _post(url: SplitResult, tls: ssl.SSLContext, body: bytes, timeout_s: int) -> bytes:
    host, port = url.hostname or "", url.port or 443
    tcp = await trio.open_tcp_stream(host, port)
    stream = trio.SSLStream(tcp, tls, server_hostname=host, https_compatible=True)
    try:
        await stream.do_handshake()
        return await _exchange(stream, f"{url.path or '/'}?timeout={timeout_s}s", url.netloc, body)
    finally:
        await trio.aclose_forcefully(stream)


async def _exchange(stream: trio.SSLStream[trio.SocketStream], target: str, host: str, body: bytes) -> bytes:
    http = h11.Connection(h11.CLIENT)
    headers = [
        ("Host", host), ("Content-Type", "application/json"), ("Accept", "application/json, */*"),
        ("User-Agent", "kube-apiserver-admission"), ("Content-Length", str(len(body))), ("Connection", "close"),
    ]  # fmt: skip
    sent = http.send(h11.Request(method="POST", target=target, headers=headers)) or b""
    await stream.send_all(sent + (http.send(h11.Data(data=body)) or b"") + (http.send(h11.EndOfMessage()) or b""))
    status, chunks, size = 0, [], 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(bytes(await stream.receive_some(_READ)))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            size += len(event.data)
            if size > ANSWER_MAX:
                raise CallFailed(f"failed to call webhook: the answer is longer than {ANSWER_MAX} bytes")
            chunks.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            break
        elif isinstance(event, h11.ConnectionClosed):
            raise trio.BrokenResourceError("EOF")
    answer = b"".join(chunks)
    if not 200 <= status <= 206:
        raise CallFailed(f"failed to call webhook: {_http_error(status, answer)}")
    return answer


def _http_error(status: int, body: bytes) -> str:
    """As client-go says it of a response that is no Status."""
    if status == 404:
        return "the server could not find the requested resource"
    if status == 503:
        return "the server is currently unable to handle the request"
    if status >= 500:
        text = body[:2048].decode("utf-8", "replace").strip()
        return f"an error on the server ({text or 'unknown'!r}) has prevented the request from succeeding"
    return f"the server rejected our request for an unknown reason (HTTP {status})"


def _why(error: Exception, url: SplitResult) -> str:
    for cause in (error, error.__cause__, *getattr(error.__cause__, "exceptions", ())):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"tls: failed to verify certificate: x509: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"tls: {cause.reason or cause}"
        if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
            return f"dial tcp {url.hostname}:{url.port or 443}: connect: connection refused"
    if isinstance(error, trio.BrokenResourceError):
        return "EOF"
    return str(error)
