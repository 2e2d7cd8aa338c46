"""Caches of a component change now, its handlers hear of it later, until the storm ends.

Real client-go has a channel between an informer's store and each listener. Whoever keeps expectations in handlers and
counts objects in the cache meets the gap.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDelivery:
    name: str = "split_delivery"
    legal: bool = True
    obliged: bool = True
    source: str = "client-go tools/cache/shared_informer.go (processorListener); controller_utils.go"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        component = struck_component(occasion, draw)
        if component is None:
            return PASSED
        return Verdict.act("split_delivery", component=component, seconds=draw.seconds("seconds", 0.01, 10.0))
