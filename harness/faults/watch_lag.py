"""A watch stream stands still for a while: its client acts on an old picture, until the events come, in order."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_event


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLag:
    name: str = "watch_lag"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.hold(draw.seconds("seconds", 0.1, 30.0))
