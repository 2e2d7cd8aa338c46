"""What happened, in order: the one record from which reports are made and by which a replay is compared.

Events are kept as they come and written as JSON lines only when somebody asks: most examples pass, and nobody reads
their traces. `trace_sha256` is over the bytes of `to_jsonl()`.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from harness.errors import UsageError

FORMAT = 2
"""Version of what a trace holds, in its first line. Format 1, whose traces do not say, is without call sites, without
what reads returned, and without the end."""


@dataclass(slots=True)
class TraceEvent:
    """One line of `trace.jsonl`. `step` counts from 0; `time_s` is virtual; `caused_by` are earlier steps.

    `kind`: workload, request, commit, reply, stream, event, external, reconcile, reconciled, fault, crash, restart,
    pause, resume, settle, violation, note. `object` is "Kind/namespace/name". `data` holds what the kind needs.
    """

    step: int
    time_s: float
    kind: str
    component: str = ""
    peer: str = ""
    object: str = ""
    resource_version: int | None = None
    caused_by: tuple[int, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        line: dict[str, Any] = {
            "step": self.step,
            "time_s": round(self.time_s, 6),
            "kind": self.kind,
            "component": self.component,
            "peer": self.peer,
            "object": self.object,
            "resource_version": self.resource_version,
            "caused_by": list(self.caused_by),
        }
        for key, value in self.data.items():
            line[key] = value() if callable(value) else value
        return line


def named(kind: str, namespace: str | None, name: str | None) -> str:
    """An object's name in a trace: "Kind/namespace/name"; of what is in no namespace "Kind/name"."""
    if namespace and name:
        return f"{kind}/{namespace}/{name}"
    return f"{kind}/{namespace or name}" if namespace or name else kind


_COMMON = ("step", "time_s", "kind", "component", "peer", "object", "resource_version", "caused_by")


class Trace:
    """An append-only list of events. Values in `data` may be callables without arguments, made when written."""

    def __init__(self, header: dict[str, Any] | None = None) -> None:
        self.header = header or {}
        self.events: list[TraceEvent] = []

    def add(
        self,
        time_s: float,
        kind: str,
        component: str = "",
        *,
        peer: str = "",
        object: str = "",
        resource_version: int | None = None,
        caused_by: tuple[int, ...] = (),
        data: dict[str, Any] | None = None,
    ) -> int:
        """Record one event; returns its step."""
        step = len(self.events)
        self.events.append(
            TraceEvent(
                step,
                time_s,
                kind,
                component,
                peer,
                object,
                resource_version,
                caused_by,
                data if data is not None else {},
            )
        )
        return step

    def to_jsonl(self) -> bytes:
        return b"".join(orjson.dumps(event.to_json()) + b"\n" for event in self.events)

    def sha256(self) -> str:
        return hashlib.sha256(self.to_jsonl()).hexdigest()

    @classmethod
    def from_jsonl(cls, text: bytes, *, name: str = "trace.jsonl") -> "Trace":
        """Parse what `to_jsonl` wrote. Raises UsageError naming the line that is not a trace event, and why."""
        if text.startswith(GZIP):
            raise UsageError(f"{name} is compressed with gzip. Unpack it first: gunzip takes it, named *.gz.")
        lines = text.splitlines()
        if not lines:
            raise UsageError(f"{name} is empty. {_GIVE}")
        trace = cls()
        for number, line in enumerate(lines, 1):
            try:
                trace.events.append(_event_of(line, number - 1))
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
                cut = (
                    " It is the last line, and ends in the middle: the file was cut off."
                    if _is_cut(number, text)
                    else ""
                )
                raise UsageError(f"{name} line {number} is not a trace event ({_why(error)}).{cut} {_GIVE}") from error
        return trace


GZIP = b"\x1f\x8b"
"""How every gzip file begins."""

_GIVE = "Give the trace.jsonl of a report folder, whole."

_TYPES: dict[str, tuple[type, ...]] = {
    "time_s": (int, float),
    "kind": (str,),
    "component": (str,),
    "peer": (str,),
    "object": (str,),
    "resource_version": (int, type(None)),
}


def _event_of(line: bytes, step: int) -> TraceEvent:
    """One line. Raises what `from_jsonl` catches."""
    raw = orjson.loads(line)
    if not isinstance(raw, dict):
        raise TypeError(f"a {type(raw).__name__} and not an object")
    common = {key: raw.pop(key) for key in _COMMON}
    if common["step"] != step:
        raise ValueError(f"step {common['step']!r} where {step} has its place")
    for key, types in _TYPES.items():
        if not isinstance(common[key], types) or isinstance(common[key], bool):
            raise TypeError(f"{key} is {common[key]!r:.60}")
    causes = common["caused_by"]
    if not isinstance(causes, list) or any(type(cause) is not int for cause in causes):
        raise TypeError(f"caused_by is {causes!r:.60}")
    common["caused_by"] = tuple(causes)
    return TraceEvent(**common, data=raw)


def _is_cut(number: int, text: bytes) -> bool:
    """Did whoever wrote this line not come to its end?"""
    return not text.endswith(b"\n") and number > 1 and number == len(text.splitlines())


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    if isinstance(error, orjson.JSONDecodeError):
        return f"not JSON: {error.msg} at character {error.pos + 1}"
    return str(error)
