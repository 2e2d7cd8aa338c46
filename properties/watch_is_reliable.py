"""A watch leaves nothing out: between the first and the last change it shows, it shows them all, and no others.

Judged on streams without selectors. That the *end* of the history arrives too is `caches_equal_the_store`'s business.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import Judgement, StreamRecord, View
from properties.watch_history import (
    SOURCE,
    Event,
    changes_received,
    committed_between,
    judge_streams,
    selects_all,
    shown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchIsReliable:
    name: str = "watch_is_reliable"
    source: str = f"{SOURCE} (reliable); etcd#17529, etcd#18089, kubernetes#123072"
    voided_by: tuple[str, ...] = ("events dropped inside one stream (hostile)",)
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        return judge_streams(view, _gap_or_invention)


def _gap_or_invention(view: View, stream: StreamRecord) -> tuple[Event, str] | None:
    received = changes_received(stream)
    if not received or not selects_all(stream):
        return None
    revisions = [event[3] for event in received]
    shown_events = dict.fromkeys(received)
    committed = list(committed_between(view, stream, min(revisions) - 1, max(revisions)))
    for event in committed:
        if event not in shown_events:
            return event, f"{shown(event)} never came, though later changes did"
    true_events = dict.fromkeys(committed)
    for event in received:
        if event not in true_events:
            return event, f"{shown(event)} came and was never committed"
    return None
