"""Cached lists come in another order each time, until the storm ends: an informer's index has no order."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrder:
    name: str = "list_order"
    legal: bool = True
    obliged: bool = True
    source: str = "client-go tools/cache/thread_safe_store.go: lists iterate over Go maps"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        component = struck_component(occasion, draw)
        if component is None:
            return PASSED
        return Verdict.act("list_order", component=component, shuffle=draw.integer("shuffle", 0, 1 << 16))
