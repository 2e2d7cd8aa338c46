"""Claims about what was delivered: which event, or which answer, broke the claim, or never came.

They are judged at rest over all that every component has heard, so nothing that anybody wrote is to blame. Which stream
and which event are meant is read off the reason, as the properties word it; the trace then says when. What cannot be
found there is not guessed: an accusation that is false costs more than none.

Bookmarks are not in a trace; of a bookmark that promised too much the event is named that it left behind.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.ledger import at, kind_of, spoken
from reports.pictures import pictures_in

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run

CACHES = "caches_equal_the_store"
SESSIONS = "one_sessions_reads_never_go_back"
CLAIMS = (
    "watch_is_ordered",
    "watch_is_unique",
    "watch_is_reliable",
    "watch_is_resumable",
    "watch_is_bookmarkable",
    CACHES,
    SESSIONS,
)

_WATCH = re.compile(r"(?P<server>\S+)'s watch of (?P<kind>\S+) for (?P<who>.+?), from revision (?P<start>\d+): ")
_CHANGE = re.compile(r"(?P<type>ADDED|MODIFIED|DELETED) (?P<name>\S+) at (?P<revision>\d+)")
_CACHE = re.compile(r"at rest, (?P<who>.+?)'s cache of (?P<kind>\S+) differs from the store: ")
_SESSION = re.compile(
    r"(?P<who>.+?) saw (?P<ref>.+) at revision (?P<seen>\d+), and afterwards by (?P<via>\w+) at (?P<then>\d+), in one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misdelivery:
    """What was shown wrongly, or never."""

    step: int
    """Of the event or answer; of what never came, of what came instead, else of the commit that nobody was told of."""
    text: str
    kind: str
    """Of object."""
    missing: bool = False
    noun: str = "event"


def misdelivery(run: "Run", claim: str, reason: str) -> Misdelivery | None:
    """What broke one of `CLAIMS`; None if the trace does not say."""
    find = {CACHES: _in_a_cache, SESSIONS: _in_a_session}.get(claim, _in_a_watch)
    return find(run, reason)


# --------------------------------------------------------------------------------------------------------------- watch


def _in_a_watch(run: "Run", reason: str) -> Misdelivery | None:
    watch = _WATCH.match(reason)
    change = _CHANGE.search(reason, max(watch.end(), reason.find(" skipped "))) if watch is not None else None
    if watch is None or change is None:
        return None
    name, revision = f"{watch['kind']}/{change['name']}", int(change["revision"])
    heard = [
        event
        for event in run.trace.events
        if event.kind == "event" and (event.component, event.peer) == (watch["who"], watch["server"])
        if kind_of(event) == watch["kind"] and (event.resource_version or 0) > 0
    ]
    told = f"revision {revision} ({change['type']} of {spoken(name)})"
    wrong = reason[watch.end() :]
    came = [event for event in heard if event.object == name and event.resource_version == revision]
    if "never came" in wrong or "skipped" in wrong or wrong.startswith("a bookmark at"):
        return _left_out(heard, came, revision, told, reason)
    if "came twice" in wrong:
        return _shown(came[1:], f"{told} a second time")
    if "not after the start" in wrong:
        return _shown(came[-1:], f"{told}, though it had asked for what comes after {watch['start']}")
    if "never committed" in wrong:
        return _shown(came, f"{told}, which was never committed")
    before = _CHANGE.search(wrong, wrong.find(" came after "))
    if before is not None:
        newer = int(before["revision"])
        first = next((event.step for event in heard if event.resource_version == newer), len(run.trace.events))
        return _shown([event for event in came if event.step > first], f"{told} after revision {newer}")
    promised = re.search(r"after the bookmark at (\d+)", wrong)
    return _shown(came[-1:], f"{told} after a bookmark that had promised {promised[1]}") if promised else None


def _shown(came: "Sequence[TraceEvent]", what: str) -> Misdelivery | None:
    if not came:
        return None
    event = came[0]
    return Misdelivery(step=event.step, text=f"`{event.peer}` told `{event.component}` of {what}.", kind=kind_of(event))


def _left_out(
    heard: "Sequence[TraceEvent]", came: "Sequence[TraceEvent]", revision: int, told: str, reason: str
) -> Misdelivery | None:
    watch, bookmark = _WATCH.match(reason), re.search(r": a bookmark at (\d+)", reason)
    assert watch is not None
    if came and bookmark is not None:
        return _shown(came, f"{told} after a bookmark that had promised {bookmark[1]}")
    later = [event for event in heard if (event.resource_version or 0) > revision]
    if came or not later:
        return None
    event = later[0]
    earlier = [one.resource_version for one in heard if one.step < event.step]
    where = f"after {earlier[-1]} came" if earlier else f"its watch from {watch['start']} on began with"
    text = f"`{event.peer}` never told `{event.component}` of {told}: {where} {event.resource_version}, at {at(event)}."
    return Misdelivery(step=event.step, text=text, kind=kind_of(event), missing=True)


# ------------------------------------------------------------------------------------------------------ cache, session


def _in_a_cache(run: "Run", reason: str) -> Misdelivery | None:
    """The first of the objects whose last change its cache was never told of."""
    cache = _CACHE.match(reason)
    if cache is None:
        return None
    for name in run.concern:
        commits = run.ledger.commits.get(name)
        if not commits or kind_of(commits[-1]) != cache["kind"]:
            continue
        last = commits[-1]
        later = [event for event in run.trace.events[last.step :] if event.component == cache["who"]]
        if any((name, last.resource_version) in pictures_in(event) for event in later):
            continue  # It was told, and what it made of that no trace says.
        what = f"revision {last.resource_version} ({last.data.get('type')} of {spoken(name)})"
        text = f"`{cache['who']}` was never told of {what}, committed at {at(last)}."
        return Misdelivery(step=last.step, text=text, kind=cache["kind"], missing=True)
    return None


def _in_a_session(run: "Run", reason: str) -> Misdelivery | None:
    session = _SESSION.match(reason)
    if session is None:
        return None
    name, seen, then = session["ref"].replace(" ", "/", 1), int(session["seen"]), int(session["then"])
    is_newer_known = False
    for event in run.trace.events:
        if event.component != session["who"] or event.kind not in ("event", "reply"):
            continue
        shown = [*pictures_in(event), (event.object, event.resource_version or 0)]
        if is_newer_known and (name, then) in shown and (event.kind == "event") == (session["via"] == "event"):
            what = f"{spoken(name)} as of revision {then}, after it had seen {seen}"
            return Misdelivery(
                step=event.step,
                text=f"`{event.peer}` showed `{event.component}` {what}.",
                kind=kind_of(event),
                noun="event" if event.kind == "event" else "answer",
            )
        is_newer_known = is_newer_known or (name, seen) in shown
    return None
