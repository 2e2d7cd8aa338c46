"""A watch never goes back: the revisions of its events do not decrease."""

from dataclasses import dataclass
from typing import Any

from harness.contract import Judgement, StreamRecord, View
from properties.watch_history import SOURCE, Event, changes_received, judge_streams, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchIsOrdered:
    name: str = "watch_is_ordered"
    source: str = f"{SOURCE} (ordered); etcd#15271, kubernetes PR#73845"
    voided_by: tuple[str, ...] = ("events swapped inside one stream (hostile)",)
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        return judge_streams(view, _step_back)


def _step_back(view: View, stream: StreamRecord) -> tuple[Event, str] | None:
    newest: Event | None = None
    for event in changes_received(stream):
        if newest is not None and event[3] < newest[3]:
            return event, f"{shown(event)} came after {shown(newest)}"
        newest = event
    return None
