"""A bookmark at p means that everything up to p has been shown, and that nothing up to p comes later.

Bookmarks never go back either. Streams with selectors do not show what was left out, so only the latter is
judged there.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import Judgement, StreamRecord, View
from properties.watch_history import SOURCE, Event, after_initial, committed_between, judge_streams, selects_all, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchIsBookmarkable:
    name: str = "watch_is_bookmarkable"
    source: str = f"{SOURCE} (bookmarkable); KEP-956; etcd#15220, etcd#20221"
    voided_by: tuple[str, ...] = ("events dropped inside one stream (hostile)",)
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        return judge_streams(view, _false_promise)


def _false_promise(view: View, stream: StreamRecord) -> tuple[Event, str] | None:
    promised = stream.start_revision
    bookmark: Event | None = None
    newest = 0
    received: dict[int, None] = {}
    for event in after_initial(stream):
        revision = event[3]
        if event[0] != "BOOKMARK":
            if bookmark is not None and revision <= bookmark[3]:
                return event, f"{shown(event)} came after the bookmark at {bookmark[3]}"
            received[revision] = None
            newest = max(newest, revision)
            continue
        if bookmark is not None and revision < bookmark[3]:
            return event, f"a bookmark at {revision} came after one at {bookmark[3]}"
        if revision < newest:
            return event, f"a bookmark at {revision} came after a change at {newest}"
        if selects_all(stream):
            for missing in committed_between(view, stream, promised, revision):
                if missing[3] not in received:
                    return missing, f"a bookmark at {revision} came before {shown(missing)}"
        bookmark, promised = event, max(promised, revision)
    return None
