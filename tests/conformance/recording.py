"""Reads what `reference_impl/apiserver/http/recording.py` writes: exchanges, in the order in which they were answered.

A file that ends in a torn line, or without its last one, is what a killed recorder leaves: all that is whole is used,
and the reader says so. Anything else that is not as docs/serve.md describes it is refused in one line.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from reference_impl.apiserver.http.recording import FORMAT


class BadRecording(Exception):
    """A file that cannot be compared, in one line."""


@dataclass(frozen=True, slots=True)
class Body:
    """What was sent. `known` is false where it was too long and only its size and digest were kept."""

    json: Any = None
    content: bytes = b""
    is_json: bool = False
    known: bool = True

    def sent(self) -> bytes:
        return json.dumps(self.json).encode() if self.is_json else self.content


NOTHING: Final = Body()


@dataclass(slots=True)
class Exchange:
    """A request and what came of it. `status` 0: no answer is known."""

    number: int
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Body
    status: int = 0
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: Body = NOTHING
    is_watch: bool = False
    events: list[Body] = field(default_factory=list)
    end: str | None = None
    at_s: float = 0.0
    """When it was answered, in seconds since the recording began."""

    @property
    def line(self) -> str:
        """What a person calls it."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        return f"#{self.number} {self.method} {target}"


@dataclass(slots=True)
class Recording:
    """`exchanges` in the order of their answers; `warnings` for whoever compares."""

    of: str
    start: datetime
    exchanges: list[Exchange]
    warnings: list[str]


def read(path: Path) -> Recording:
    """Raises BadRecording."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadRecording(f"{path} cannot be read: {error.strerror}. Name a recording.") from None
    lines = _Lines(str(path), content)
    head = lines.first()
    found, is_whole = _exchanges(lines)
    warnings = list(lines.warnings)
    if not is_whole:
        warnings.append(f"{path} ends without its last line: the recorder was killed, and what came after is unknown")
    unanswered = [each.line for each in found.values() if not each.status]
    warnings += [f"{line} has no answer, and is not played" for line in unanswered]
    answered = [each for each in lines.order if each.status]
    return Recording(head["of"], head["start"], answered, warnings)


class _Lines:
    """Lines with their numbers. Of a torn last one is said that it is torn."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.order: list[Exchange] = []
        self._lines = content.split(b"\n")
        self._torn = self._lines.pop()

    def first(self) -> dict[str, Any]:
        if not self._lines:
            size = len(self._torn)
            what = "is empty" if not size else f"holds {size} bytes and not one whole line"
            raise BadRecording(f"{self.path} {what}. Record something first (docs/serve.md).")
        head = self._parsed(1, self._lines[0])
        version = head.get("seatrial_recording")
        if version is None:
            raise BadRecording(f"{self.path} is no recording: its first line has no seatrial_recording. Name another.")
        if version != FORMAT:
            raise BadRecording(
                f"{self.path} is a recording of format {version!r}, and this seatrial reads {FORMAT}. Use the seatrial "
                "that made it, or record it again."
            )
        try:
            return {"of": str(head["of"]), "start": datetime.fromisoformat(head["at"]).astimezone(UTC)}
        except (KeyError, TypeError, ValueError) as error:
            raise self.bad(1, f"is not as the format says ({type(error).__name__}: {error})") from None

    def rest(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(self._lines[1:], 2):
            yield number, self._parsed(number, line)
        if self._torn:
            self.warnings.append(f"{self.path} ends in a torn line, which is left out")

    def bad(self, number: int, why: str) -> BadRecording:
        return BadRecording(f"{self.path} line {number} {why}. It is damaged, or no recording: record it again.")

    def _parsed(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            found = json.loads(line)
        except ValueError:
            raise self.bad(number, "is no JSON") from None
        if not isinstance(found, dict):
            raise self.bad(number, "is no JSON object")
        return found


def _exchanges(lines: _Lines) -> tuple[dict[int, Exchange], bool]:
    found: dict[int, Exchange] = {}
    is_whole = False
    for number, line in lines.rest():
        if is_whole:
            raise lines.bad(number, "comes after the end of the recording")
        if "end_of_recording" in line:
            is_whole = True
            continue
        try:
            _take(line, found, lines)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise lines.bad(number, f"is not as the format says ({type(error).__name__}: {error})") from None
    return found, is_whole


def _take(line: dict[str, Any], found: dict[int, Exchange], lines: _Lines) -> None:
    number = line["n"]
    if "request" in line:
        sent = line["request"]
        if number in found:
            raise ValueError(f"request {number} is there twice")
        found[number] = Exchange(
            number, sent["method"], sent["path"], sent["query"], dict(sent["headers"]), body(sent.get("body"))
        )
        return
    exchange, at_s = found[number], float(line["at_s"])
    if "answer" in line:
        given = line["answer"]
        exchange.status, exchange.answer_headers = int(given["status"]), dict(given["headers"])
        exchange.answer, exchange.at_s = body(given.get("body")), at_s
        lines.order.append(exchange)
    elif "watch" in line:
        given = line["watch"]
        exchange.status, exchange.answer_headers, exchange.is_watch = given["status"], dict(given["headers"]), True
        exchange.at_s = at_s
        lines.order.append(exchange)
    elif "event" in line:
        exchange.events.append(body(line["event"]))
    else:
        exchange.end = line["end"]


def body(said: dict[str, Any] | None) -> Body:
    """What `recording.body_of` made of bytes. Raises KeyError, ValueError: it is none."""
    if said is None:
        return NOTHING
    if "json" in said:
        return Body(json=said["json"], is_json=True)
    if "text" in said:
        return Body(content=said["text"].encode())
    if "base64" in said:
        return Body(content=base64.b64decode(said["base64"], validate=True))
    return Body(known=False, content=str(said["truncated"]).encode())
