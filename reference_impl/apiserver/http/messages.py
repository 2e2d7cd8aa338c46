"""An HTTP request and the two kinds of answers, free of any HTTP library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"


@dataclass(slots=True)
class HttpRequest:
    """One request, its body read whole. Header names are lower case; `path` is as sent, without the query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = field(default=())


class Broken(Exception):
    """The backend lost the connection: break it towards the client too, without an answer."""
