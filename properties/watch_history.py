"""Watch streams beside what was committed: the ground on which the five watch guarantees are judged.

A stream begins with synthetic ADDED events for a state that was already there (unless it resumed from a revision);
what follows that prefix is compared with the committed events of its kind and namespace. Streams with selectors show
changes as the selection sees them, so only order, uniqueness and starting point are judged there. Streams that a
hostile fault meddled with are left out. Streams end where their client stopped hearing: what it never received because
it was cut, crashed or held is no gap.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

from harness.contract import HOLDS, Judgement, ObjectRef, StreamRecord, View
from properties.subject import ABSENT, final_rest

Event = tuple[str, str, str, int]
"""(type, namespace or "", name, revision)"""

SOURCE = "https://etcd.io/docs/v3.6/learning/api_guarantees/#watch-apis"


def after_initial(stream: StreamRecord) -> Sequence[Event]:
    """What the client received after the initial state, bookmarks included."""
    pairs = zip(stream.events, stream.initial, strict=False)
    prefix = sum(1 for _ in takewhile(lambda pair: pair[0][1:] == pair[1], pairs))
    return stream.events[prefix:]


def changes_received(stream: StreamRecord) -> list[Event]:
    """The same without bookmarks."""
    return [event for event in after_initial(stream) if event[0] != "BOOKMARK"]


def selects_all(stream: StreamRecord) -> bool:
    return not stream.labels and not stream.fields


def committed_between(view: View, stream: StreamRecord, after: int, up_to: int) -> Iterable[Event]:
    """What a stream without selectors has to show of the revisions in (after, up_to], in order."""
    committed = view.committed(stream.api_version, stream.kind)
    for index in range(bisect_right(committed, after, key=lambda event: event.revision), len(committed)):
        event = committed[index]
        if event.revision > up_to:
            return
        namespace = event.key[1]
        if stream.namespace is None or namespace == stream.namespace:
            yield event.type, namespace, event.key[2], event.revision


def shown(event: Event) -> str:
    what, namespace, name, revision = event
    return f"{what} {namespace}/{name} at {revision}" if namespace else f"{what} {name} at {revision}"


def judge_streams(view: View, find: Callable[[View, StreamRecord], tuple[Event, str] | None]) -> Judgement:
    """Violated by the first stream in which `find` finds something: the event, and what is wrong with it."""
    if not final_rest(view):
        return ABSENT
    judged = False
    for stream in view.streams():
        if stream.tampered or not stream.events:
            continue
        judged = True
        found = find(view, stream)
        if found is not None:
            event, wrong = found
            whose = f"{stream.server}'s watch of {stream.kind} for {stream.component}"
            reason = f"{whose}, from revision {stream.start_revision}: {wrong}"
            named = [ObjectRef(stream.api_version, stream.kind, event[1] or None, event[2])] if event[2] else []
            return Judgement.violated(reason, named, key=stream.kind)
    return HOLDS if judged else ABSENT
