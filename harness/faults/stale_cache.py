"""A whole component acts on an old picture: all its watch streams stand still for a while, its writes get through.

What differs from `watch_lag` is that the picture is old and consistent: nothing in the component's caches contradicts
anything else in them. Not modelled here: reads that go back in time. See `stale_read.py` and `time_travel.py`.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleCache:
    name: str = "stale_cache"
    legal: bool = True
    obliged: bool = True
    source: str = "HotOS'21, staleness; kubernetes#95958 (stale until the server was restarted)"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        component = struck_component(occasion, draw)
        if component is None:
            return PASSED
        return Verdict.act("hold_all", component=component, seconds=draw.seconds("seconds", 0.5, 120.0))
