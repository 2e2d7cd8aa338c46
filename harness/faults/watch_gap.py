"""A watch stream is down for a while, and its client has to list again: it never sees the states in between.

Legal in Kubernetes: an API server may close a watch at any time, and what a client missed may have left the server's
window meanwhile. HotOS'21 calls this an observability gap. An object that was deleted and created again in the gap
looks like an update; one that came and went was never there.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, struck_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchGap:
    name: str = "watch_gap"
    legal: bool = True
    obliged: bool = True
    source: str = (
        "HotOS'21, observability gaps; https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses"
    )

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        struck = struck_stream(occasion, draw)
        if struck is None:
            return PASSED
        component, kind = struck
        down_s = draw.seconds("seconds", 0.1, 60.0)
        return Verdict.act("cut_stream", component=component, kind=kind, relist=True, down_s=down_s)
