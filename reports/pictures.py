"""What a pass went by: which objects as of which revisions it had heard of, and which of these were old by then.

A watch event shows one object, the answer to a list many. What a pass wrote itself it knows, whatever its cache says.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.facts import datum

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run


@dataclass(frozen=True, slots=True)
class Picture:
    """An object as somebody knew it, when there was a newer one."""

    name: str
    revision: int
    newest: int


def pictures_in(heard: "TraceEvent") -> list[tuple[str, int]]:
    """What an event, or the answer to a list, showed: (object, revision)."""
    if heard.kind == "event" and heard.resource_version is not None:
        return [(heard.object, heard.resource_version)]
    seen = datum(heard, "seen")
    pairs = seen if isinstance(seen, list | tuple) else ()
    return [(str(name), revision) for name, revision in pairs if isinstance(revision, int)]


def old_pictures(run: "Run", begun: int, until: int) -> list[Picture]:
    """What the pass that began at step `begun` went by up to step `until`, and that was old already; each once."""
    old: dict[Picture, None] = {}
    for sent in run.ledger.sent_in.get(begun, ()):
        heard = [run.ledger.by_step[step] for step in sent.caused_by if step in run.ledger.by_step]
        if sent.step > until:
            continue
        for name, revision in (picture for event in heard for picture in pictures_in(event)):
            newest = run.ledger.newest(name, sent.step)
            if newest is None or run.ledger.pass_of(newest) == begun:
                continue
            if revision < (newest.resource_version or 0):
                old[Picture(name, revision, newest.resource_version or 0)] = None
    return list(old)


def unheard_of(run: "Run", begun: "TraceEvent", until: int, kind: str) -> str:
    """The first object of a kind that was there before step `until` and that who began this pass had never heard of."""
    heard = {
        name
        for event in run.trace.events[run.ledger.began : until]
        if event.component == begun.component and event.kind in ("event", "reply")
        for name, _ in pictures_in(event)
    }
    made = [
        name
        for name, commits in run.ledger.commits.items()
        if name.partition("/")[0] == kind and run.ledger.began < commits[0].step < until and name not in heard
        if datum(commits[0], "fact") == "CREATED"
    ]
    return made[0] if made else ""


def went_by_the_past(run: "Run", write: "TraceEvent") -> bool:
    """Did the pass that sent this write go by an old picture of another object than the one it wrote?"""
    begun = run.ledger.pass_of(write)
    if begun is None:
        return False
    return any(picture.name != write.object for picture in old_pictures(run, begun, write.step))
