"""A watch stream breaks and its client resumes where it was: the event comes, but late, and on another stream."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, struck_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCut:
    name: str = "watch_cut"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        struck = struck_stream(occasion, draw)
        if struck is None:
            return PASSED
        component, kind = struck
        return Verdict.act("cut_stream", component=component, kind=kind)
