"""A single event comes twice on one watch stream. Not legal: a watch delivers each change once."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_event


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRepeated:
    name: str = "event_repeated"
    legal: bool = False
    obliged: bool = False
    source: str = "HotOS'21; at-least-once buses"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.act("repeat")
