"""Requests that need no parser: their request line is plain, and h11 has read the same header lines before.

A client sends the same header lines with every request, but for a length, and what h11 makes of them is a function of
them alone, as long as it reads them as those of a whole request, in HTTP/1.1, on a connection that stays open. The body
is then the bytes that follow, as many as announced. Whatever is not exactly that (more bytes than announced, other
spellings, chunks, an expectation, a body of some size) goes to h11, from its first byte on.

Source: RFC 9112, sections 3 and 6.
"""

import re
from dataclasses import dataclass
from typing import Final

from reference_impl.apiserver.http.messages import HttpRequest

METHODS: Final = (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE")
"""Their answers all look alike: with a length and a body of that length."""
_LINE: Final = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) (/[\x21-\x7e]*) HTTP/1\.1\r\n")
"""A request line as RFC 9112 has it, with a path."""
_SPECIAL: Final = frozenset({"transfer-encoding", "expect", "upgrade"})
_KNOWN_MAX: Final = 512
_KNOWN_BYTES: Final = 4096
_BODY_MAX: Final = 256 * 1024
"""Arbitrary: of a larger body, parsing the head is no part of the cost."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What h11 made of header lines."""

    headers: dict[str, str]
    length: int


@dataclass(slots=True)
class Begun:
    """A request whose head has come. `size`: of the whole, in bytes."""

    method: str
    target: str
    headers: dict[str, str]
    body_at: int
    size: int

    def whole(self, data: bytes) -> HttpRequest:
        path, _, query = self.target.partition("?")
        return HttpRequest(self.method, path, query, self.headers, data[self.body_at :])


class PlainRequests:
    """Header lines that are known, of all clients."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Head] = {}

    def begun(self, data: bytes) -> Begun | None:
        """The request that `data` begins with, if it is a plain one."""
        line = _LINE.match(data)
        if line is None:
            return None
        end = data.find(b"\r\n\r\n", line.end() - 2) + 4
        head = self._known.get(data[line.end() : end])
        if head is None:
            return None
        return Begun(line[1].decode("ascii"), line[2].decode("ascii"), head.headers, end, end + head.length)

    def learn(self, data: bytes, request: HttpRequest) -> None:
        """`data` is the first that h11 read this request from; it was whole, and the connection stays open."""
        line = _LINE.match(data)
        end = data.find(b"\r\n\r\n") + 4
        if line is None or not 4 <= end <= _KNOWN_BYTES or not _SPECIAL.isdisjoint(request.headers):
            return
        length = int(request.header("content-length") or 0)
        if length <= _BODY_MAX:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[data[line.end() : end]] = _Head(dict(request.headers), length)
