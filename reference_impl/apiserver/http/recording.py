"""What passed between clients and a server, written down as it happens: JSON lines, one a fact.

A recording goes around whatever answers (`Recorder.around`), so that it also fits a proxy before a real API server. It
tells the order in which answers were given and watch events handed to the socket, which is the order in which a server
that is one process decided them. Each line is flushed: what a killed server leaves ends in a torn line at worst. A file
that cannot be written any more ends the recording, is said once, and harms no request.

Not written down: credentials (Authorization), and headers that no rule of the API depends on. Bodies are: a recording
of Secrets holds Secrets.

The format is `FORMAT`, described in docs/serve.md; `tests/conformance/recording.py` reads it.
"""

import base64
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO, Final

import orjson

from reference_impl.apiserver.http.connection import Handler
from reference_impl.apiserver.http.messages import Answer, Broken, HttpRequest
from reference_impl.apiserver.http.watching import WatchAnswer

FORMAT: Final = 1
REQUEST_HEADERS: Final = ("accept", "content-type", "user-agent")
ANSWER_HEADERS: Final = ("warning", "retry-after", "location", "allow")
BODY_MAX: Final = 256 * 1024
"""Of longer bodies only size and digest are kept. Arbitrary: objects are smaller, OpenAPI documents are not."""
_LOG: Final = logging.getLogger("seatrial.http")


class Recorder:
    """Numbers exchanges from 1 and writes what happens to them.

    Args:
        file: where to; flushed after each line, and closed at the end.
        of: which server this is, as its version says.
        now: the clock, which tells when each thing happened: what a server answers may depend on it.
    """

    def __init__(self, file: BinaryIO, *, of: str, now: Callable[[], datetime]) -> None:
        self._file: BinaryIO | None = file
        self._count = 0
        self._now = now
        self._start = now()
        self._write({"seatrial_recording": FORMAT, "of": of, "at": self._start.isoformat()})

    def around(self, handler: Handler) -> Handler:
        """The same answers, written down."""

        async def answer(request: HttpRequest) -> Answer | WatchAnswer:
            self._count += 1
            number = self._count
            self._say(number, "request", _request(request))
            try:
                given = await handler(request)
            except Broken:
                self._say(number, "end", "broken")
                raise
            if isinstance(given, WatchAnswer):
                self._say(number, "watch", {"status": 200, "headers": {"content-type": given.content_type}})
                return _RecordedWatch(given, self, number)
            self._say(number, "answer", _answer(given))
            return given

        return answer

    def close(self) -> None:
        """The last line says that nothing is missing. Closes the file. Idempotent."""
        self._write({"end_of_recording": self._count})
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def event(self, number: int, line: bytes) -> None:
        self._say(number, "event", body_of(line))

    def end(self, number: int, how: str) -> None:
        self._say(number, "end", how)

    def _say(self, number: int, what: str, content: Any) -> None:
        since_s = (self._now() - self._start).total_seconds()
        self._write({"n": number, "at_s": round(since_s, 3), what: content})

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(orjson.dumps(line) + b"\n")
            self._file.flush()
        except OSError as error:
            file, self._file = self._file, None
            with suppress(OSError):  # what could not be written is tried again by close
                file.close()
            _LOG.error("the recording ends after %d requests, since it cannot be written: %s", self._count, error)


def open_recorder(path: str, *, of: str, now: Callable[[], datetime]) -> Recorder:
    """To a new file, readable by its owner only: never over another, whose server may be gone. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return Recorder(os.fdopen(descriptor, "wb"), of=of, now=now)


class _RecordedWatch(WatchAnswer):
    """A watch whose lines are written down as they are taken to be sent."""

    __slots__ = ("_inner", "_number", "_over", "_recorder")

    def __init__(self, inner: WatchAnswer, recorder: Recorder, number: int) -> None:
        super().__init__(lambda _: b"", inner.content_type)
        self._inner = inner
        self._recorder = recorder
        self._number = number
        self._over = False

    @property
    def broken(self) -> bool:
        return self._inner.broken

    @property
    def waiting_bytes(self) -> int:
        return self._inner.waiting_bytes

    async def take(self) -> bytes | None:
        self._inner.on_cut = self.on_cut
        try:
            chunk = await self._inner.take()
        except Broken:
            self._end("broken")
            raise
        if chunk is None:
            self._end("broken" if self._inner.broken else "closed")
            return None
        for line in chunk.splitlines():
            self._recorder.event(self._number, line)
        return chunk

    def close(self) -> None:
        self._end("broken" if self._inner.broken else "left")
        self._inner.close()

    def _end(self, how: str) -> None:
        """How a watch ends is said once: the server closed it, its connection broke, or its client left."""
        if not self._over:
            self._over = True
            self._recorder.end(self._number, how)


def body_of(content: bytes, *, at_most: int = BODY_MAX) -> dict[str, Any]:
    """Bytes as JSON can hold them: a JSON value if they are one, else text, else base64; or a digest if too long."""
    if len(content) > at_most:
        return {"truncated": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    try:
        value = json.loads(content, object_pairs_hook=_whole, parse_constant=_refuse)
        orjson.dumps(value)  # refuses what its reader would change: integers beyond 64 bits
        return {"json": value}
    except (ValueError, TypeError, RecursionError):
        pass
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}


def _whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless a key is there twice: a dict would hide that."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _request(request: HttpRequest) -> dict[str, Any]:
    made: dict[str, Any] = {"method": request.method, "path": request.path, "query": request.query}
    made["headers"] = _named(request.headers, REQUEST_HEADERS)
    if request.body:
        made["body"] = body_of(request.body)
    return made


def _answer(answer: Answer) -> dict[str, Any]:
    sent: dict[str, str] = {}
    for name, value in answer.headers:
        known = sent.get(name.lower())
        sent[name.lower()] = value if known is None else f"{known}, {value}"
    made: dict[str, Any] = {"status": answer.status}
    made["headers"] = {"content-type": answer.content_type, **_named(sent, ANSWER_HEADERS)}
    if answer.body:
        made["body"] = body_of(answer.body)
    return made


def _named(headers: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}
