"""A watch shows each change once: no revision of an object comes twice, the initial state included."""

from dataclasses import dataclass
from typing import Any

from harness.contract import Judgement, StreamRecord, View
from properties.watch_history import SOURCE, Event, changes_received, judge_streams, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchIsUnique:
    name: str = "watch_is_unique"
    source: str = f"{SOURCE} (unique); etcd#17247, kubernetes PR#73845"
    voided_by: tuple[str, ...] = ("events repeated inside one stream (hostile)",)
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        return judge_streams(view, _repetition)


def _repetition(view: View, stream: StreamRecord) -> tuple[Event, str] | None:
    seen: dict[tuple[str, str, int], None] = dict.fromkeys(stream.initial)
    for event in changes_received(stream):
        if event[1:] in seen:
            return event, f"{shown(event)} came twice"
        seen[event[1:]] = None
    return None
