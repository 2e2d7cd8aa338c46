"""A watch from revision r begins with the first change after r: nothing before it again, nothing after it skipped.

A server that no longer has r must say so (410 Gone), never begin later in silence.
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
class WatchIsResumable:
    name: str = "watch_is_resumable"
    source: str = f"{SOURCE} (resumable); kubernetes#24004, etcd#19179"
    voided_by: tuple[str, ...] = ("events dropped inside one stream (hostile)",)
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        return judge_streams(view, _wrong_beginning)


def _wrong_beginning(view: View, stream: StreamRecord) -> tuple[Event, str] | None:
    received = changes_received(stream)
    if not received:
        return None
    for event in received:
        if event[3] <= stream.start_revision:
            return event, f"{shown(event)} came, which is not after the start"
    if not selects_all(stream):
        return None
    begin = received[0]
    for event in committed_between(view, stream, stream.start_revision, begin[3] - 1):
        return event, f"it began with {shown(begin)} and skipped {shown(event)}"
    return None
