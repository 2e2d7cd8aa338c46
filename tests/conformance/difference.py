"""Every difference between what a server said and what ours says to the same request."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

import yaml

from tests.conformance.correspondence import Correspondence, are_times, without_revisions
from tests.conformance.recording import Body

ABSENT: Final = "(absent)"
_SHOWN_MAX: Final = 300
_INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"
HEADERS: Final = ("content-type", "warning", "retry-after")


@dataclass(frozen=True, slots=True)
class Difference:
    """`at` is "status", "header NAME", a JSON path ("$.metadata.name"), or "event 3 $.object.data"."""

    request: str
    at: str
    recorded: str
    ours: str

    def __str__(self) -> str:
        return f"{self.request}\n  {self.at}\n    recorded: {self.recorded}\n    ours:     {self.ours}"


Found = Iterator[tuple[str, Any, Any]]
"""Path, recorded, ours."""


class Comparison:
    """Of values: what may differ is asked of the correspondence.

    Args:
        same: what stands for what.
        prefix: generateName of the object that a request created, if that is how it was named.
        is_told: whether revisions of objects are news (see `Correspondence.are_revisions`).
    """

    def __init__(self, same: Correspondence, *, prefix: str | None = None, is_told: bool = False) -> None:
        self._same = same
        self._prefix = prefix
        self._is_told = is_told

    def values(self, path: str, recorded: Any, ours: Any) -> Found:
        if isinstance(recorded, dict) and isinstance(ours, dict):
            yield from self._objects(path, recorded, ours)
        elif isinstance(recorded, list) and isinstance(ours, list):
            yield from self._lists(path, recorded, ours)
        elif isinstance(recorded, str) and isinstance(ours, str):
            if not self._texts(path, recorded, ours):
                yield path, recorded, ours
        elif type(recorded) is not type(ours) or recorded != ours:
            yield path, recorded, ours

    def _objects(self, path: str, recorded: dict[str, Any], ours: dict[str, Any]) -> Found:
        # fieldsV1 has uids in its keys: k:{"uid":"..."}.
        recorded = {self._same.text(key): value for key, value in recorded.items()}
        # The name comes first: what else says it can then be translated.
        keys = sorted(recorded.keys() | ours.keys(), key=lambda key: (key not in ("metadata", "name", "uid"), key))
        for key in keys:
            below = f"{path}.{key}"
            if key not in ours:
                yield below, recorded[key], ABSENT
            elif key not in recorded:
                yield below, ABSENT, ours[key]
            elif key == "resourceVersion" and isinstance(recorded[key], str) and isinstance(ours[key], str):
                if not self._revisions(path, recorded, ours):
                    yield below, recorded[key], ours[key]
            else:
                yield from self.values(below, recorded[key], ours[key])

    def _revisions(self, path: str, recorded: dict[str, Any], ours: dict[str, Any]) -> bool:
        theirs, mine = recorded["resourceVersion"], ours["resourceVersion"]
        if path.endswith("metadata") and "uid" not in recorded:
            return self._same.are_list_revisions(theirs, mine)
        return self._same.are_revisions(theirs, mine, is_told=self._is_told)

    def _lists(self, path: str, recorded: list[Any], ours: list[Any]) -> Found:
        if path == "$.items":
            yield from self._items(path, recorded, ours)
            return
        for index, (theirs, mine) in enumerate(zip(recorded, ours, strict=False)):
            yield from self.values(f"{path}[{index}]", theirs, mine)
        for index in range(len(ours), len(recorded)):
            yield f"{path}[{index}]", recorded[index], ABSENT
        for index in range(len(recorded), len(ours)):
            yield f"{path}[{index}]", ABSENT, ours[index]

    def _items(self, path: str, recorded: list[Any], ours: list[Any]) -> Found:
        """Objects of a list, held against their namesakes: one that is missing does not shift the others."""
        theirs = [self._same.text(_name(each)) for each in recorded]
        mine = [_name(each) for each in ours]
        for one, other in aligned(theirs, mine):
            if one is None:
                yield f"{path}[{mine[other]}]", ABSENT, ours[other]
            elif other is None:
                yield f"{path}[{theirs[one]}]", recorded[one], ABSENT
            else:
                yield from self.values(f"{path}[{theirs[one]}]", recorded[one], ours[other])

    def _texts(self, path: str, recorded: str, ours: str) -> bool:
        if recorded == ours and not self._known_otherwise(recorded):
            return True
        if path.endswith(".metadata.continue"):
            return self._same.are_tokens(recorded, ours)
        are_uids = self._same.are_uids(recorded, ours)
        if are_uids is not None:
            return are_uids
        if are_times(recorded, ours):
            return True
        if path == "$.metadata.name" and self._prefix is not None:
            return self._same.are_generated(recorded, ours, self._prefix)
        return without_revisions(self._same.text(recorded)) == without_revisions(ours)

    def _known_otherwise(self, recorded: str) -> bool:
        return self._same.text(recorded) != recorded


def bodies(comparison: Comparison, path: str, recorded: Body, ours: Body) -> Found:
    if not recorded.known or not ours.known:
        return
    if recorded.is_json and ours.is_json:
        yield from comparison.values(path, recorded.json, ours.json)
    elif (values := _mappings(recorded.content, ours.content)) is not None:
        yield from comparison.values(path, *values)
    elif recorded.is_json != ours.is_json or recorded.content != ours.content:
        yield path, _of(recorded), _of(ours)


def _mappings(recorded: bytes, ours: bytes) -> tuple[Any, Any] | None:
    """Of two objects in YAML, as values that are all texts; None if one is no YAML object."""
    try:
        values = [yaml.load(each, yaml.BaseLoader) for each in (recorded, ours)]
    except yaml.YAMLError:
        return None
    return (values[0], values[1]) if all(isinstance(each, dict) for each in values) else None


def _of(body: Body) -> Any:
    return body.json if body.is_json else body.content.decode("utf-8", "backslashreplace")


class WatchComparison:
    """Events of one watch, as they come: in order while both are about the same, then aligned at the end.

    Bookmarks come by the clock and are left out, all but the one that ends the initial events.
    """

    def __init__(self, same: Correspondence, recorded: list[Body]) -> None:
        self._same = same
        self._values = Comparison(same, is_told=True)
        self._recorded = [each for each in recorded if _counts(each)]
        self._ours: list[Body] = []
        self._done = 0

    def take(self, event: Body) -> None:
        if _counts(event):
            self._ours.append(event)

    def so_far(self) -> Found:
        """What differs in events that can be paired already; each is looked at once."""
        while self._done < min(len(self._recorded), len(self._ours)):
            theirs, mine = self._recorded[self._done], self._ours[self._done]
            if self._same.text(_about(theirs)) != _about(mine):
                return
            self._done += 1
            yield from self._pair(self._done, theirs, mine)

    def rest(self) -> Found:
        yield from self.so_far()
        start = self._done
        left = [self._same.text(_about(each)) for each in self._recorded[start:]]
        right = [_about(each) for each in self._ours[start:]]
        for one, other in aligned(left, right):
            if one is None:
                yield f"event {start + other + 1}", ABSENT, right[other]
            elif other is None:
                yield f"event {start + one + 1}", left[one], ABSENT
            else:
                yield from self._pair(start + one + 1, self._recorded[start + one], self._ours[start + other])

    def _pair(self, number: int, theirs: Body, mine: Body) -> Found:
        for path, recorded, ours in bodies(self._values, "$", theirs, mine):
            yield f"event {number} {path}", recorded, ours


def _counts(event: Body) -> bool:
    if not isinstance(event.json, dict) or event.json.get("type") != "BOOKMARK":
        return True
    return _INITIAL_EVENTS_END in (event.json["object"]["metadata"].get("annotations") or {})


def _about(event: Body) -> str:
    if not isinstance(event.json, dict):
        return "?"
    obj = event.json.get("object")
    return f"{event.json.get('type')} {_name(obj)}"


def _name(obj: Any) -> str:
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict):
        return "?"
    return "/".join(str(metadata[key]) for key in ("namespace", "name") if key in metadata)


def aligned(recorded: list[str], ours: list[str]) -> Iterator[Any]:
    """Places in both that go together, (i, j); (i, None) and (None, j) where one side has nothing."""
    for tag, a, b, c, d in SequenceMatcher(None, recorded, ours, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(range(a, b), range(c, d), strict=True)
        else:
            yield from ((one, None) for one in range(a, b))
            yield from ((None, other) for other in range(c, d))


def shown(value: Any) -> str:
    """On one line, and not without end."""
    text = value if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}... ({len(text)} characters)"
