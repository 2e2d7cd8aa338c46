"""A single event is missing from a watch stream, and nothing says so. Not legal: a watch has no holes.

For controllers that will live on weaker buses, and to see how much theirs hangs on the watch's promise.
"""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_event


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDropped:
    name: str = "event_dropped"
    legal: bool = False
    obliged: bool = False
    source: str = "HotOS'21; DSN'24, Mutiny"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.act("drop")
