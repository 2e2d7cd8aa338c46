"""What each component had been told, and what was true: the two sides of most bugs in controllers.

A belief is rebuilt from what reached the component: list replies, watch events, and replies to its own gets. What it
sent is not counted: a real informer does not know its own write before the watch tells it. A crash empties memory.
Beliefs are kept as changes (`Update`), so that a list that tells nothing new costs nothing.

Not known: which selector a list had. Where it was restricted, objects that the component never heard of are not held
against it (`whole_kinds`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.facts import datum

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent

DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Update:
    """From this step on the component holds this revision of the object."""

    step: int
    object: str
    revision: int | None
    """None: it holds none, because it was told of a deletion or lost its memory."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One revision of one object in the store."""

    step: int
    object: str
    revision: int | None
    deleted: bool
    writer: str


def commits_of(trace: "Trace") -> Iterator[Commit]:
    """The history of the store. A commit whose revision the trace does not tell counts by its step alone."""
    for event in trace.events:
        if event.kind == "commit":
            deleted = DELETED in (datum(event, "type"), datum(event, "fact"))
            yield Commit(event.step, event.object, event.resource_version, deleted, event.peer or event.component)


def updates_of(trace: "Trace") -> dict[str, list[Update]]:
    """For each component that heard anything, how what it holds changed, in order."""
    caches: dict[str, _Cache] = {}
    for event in trace.events:
        if event.kind in ("event", "reply", "crash") and event.component:
            caches.setdefault(event.component, _Cache()).hear(event)
    return {name: cache.updates for name, cache in sorted(caches.items()) if cache.updates}


def whole_kinds(trace: "Trace") -> dict[str, list[str]]:
    """For each component, the kinds (or "Kind/namespace") that it listed without any restriction."""
    found: dict[str, dict[str, None]] = {}
    for event in trace.events:
        if event.kind == "reply" and datum(event, "whole") is True and event.object and event.component:
            found.setdefault(event.component, {})[event.object] = None
    return {name: sorted(kinds) for name, kinds in sorted(found.items())}


def belief_at(updates: list[Update], step: int) -> dict[str, int]:
    """Object -> revision, as held just before `step`."""
    held = {update.object: update.revision for update in updates if update.step < step}
    return {name: revision for name, revision in held.items() if revision is not None}


def store_at(trace: "Trace", step: int) -> dict[str, int | None]:
    """Object -> revision, as stored just before `step`."""
    stored = {commit.object: commit for commit in commits_of(trace) if commit.step < step}
    return {name: commit.revision for name, commit in stored.items() if not commit.deleted}


class _Cache:
    """What one component holds, and how that changed."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.updates: list[Update] = []

    def hear(self, event: "TraceEvent") -> None:
        if event.kind == "crash":
            for name in list(self.held):
                self._forget(event.step, name)
        elif event.kind == "event":
            self._hear_event(event)
        elif datum(event, "verb") == "list" and isinstance(datum(event, "seen"), list):
            self._hear_list(event)
        elif datum(event, "verb") == "get":
            self._hear_get(event)

    def _hear_event(self, event: "TraceEvent") -> None:
        told = datum(event, "type")
        if told == DELETED:
            self._forget(event.step, event.object)
        elif told in ("ADDED", "MODIFIED", None) and event.resource_version is not None:
            self._hold(event.step, event.object, event.resource_version)

    def _hear_get(self, event: "TraceEvent") -> None:
        if datum(event, "code") == 404:
            self._forget(event.step, event.object)
        elif not datum(event, "error") and event.resource_version is not None:
            self._hold(event.step, event.object, event.resource_version)

    def _hear_list(self, event: "TraceEvent") -> None:
        seen = dict(_pairs(datum(event, "seen")))
        for name, revision in seen.items():
            if revision is not None:
                self._hold(event.step, name, revision)
        if datum(event, "whole") is True and event.object:
            inside = f"{event.object}/"
            for name in [name for name in self.held if name.startswith(inside) and name not in seen]:
                self._forget(event.step, name)

    def _hold(self, step: int, name: str, revision: int) -> None:
        if self.held.get(name) != revision:
            self.held[name] = revision
            self.updates.append(Update(step, name, revision))

    def _forget(self, step: int, name: str) -> None:
        if self.held.pop(name, None) is not None:
            self.updates.append(Update(step, name, None))


def _pairs(seen: list[Any]) -> Iterator[tuple[str, int | None]]:
    for pair in seen:
        if isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str):
            yield pair[0], pair[1] if isinstance(pair[1], int) else None
