"""How properties put what they saw into words: what changed in an object, and lists with an end."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from harness.contract import Change
from reference_impl.protocol import JsonObject

_SILENT = frozenset({"resourceVersion", "generation", "managedFields"})
"""Metadata that changes because something else did."""

_VALUE_LIMIT = 60
"""Characters of a value shown; arbitrary."""


def changed_fields(before: JsonObject | None, after: JsonObject | None, limit: int = 3) -> str:
    """The first changed fields as "spec.replicas: 1 -> 2", at most `limit`; "" when there is nothing to name."""
    if before is None or after is None:
        return ""
    found: list[str] = []
    for line in _differences(before, after, ""):
        if len(found) == limit:
            found.append("...")
            break
        found.append(line)
    return ", ".join(found)


def _differences(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            if path == "metadata" and key in _SILENT:
                continue
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, sort_keys=True) if value is not None else "nothing"
    return text if len(text) <= _VALUE_LIMIT else text[: _VALUE_LIMIT - 3] + "..."


def act(change: Change) -> str:
    """A commit in words: `website update Deployment default/front (spec.replicas: 1 -> 2)`."""
    fields = changed_fields(change.before, change.after)
    return f"{change.component} {change.verb} {change.ref}" + (f" ({fields})" if fields else "")


def first(lines: Sequence[str], limit: int = 3) -> str:
    """The first lines, and how many more there are."""
    more = len(lines) - limit
    return "; ".join(lines[:limit]) + (f"; and {more} more" if more > 0 else "")
