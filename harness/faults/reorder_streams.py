"""A watch event arrives after a later one of another collection: two streams of one client know no common order.

The event waits until its component has been told something by another stream, 30 s at most. One stream never reorders:
that would be `event_swapped`, and is not legal.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event

WAIT_MAX_S = 30.0
"""Arbitrary: longer than controllers take to act on one event, shorter than a back-off at its longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorderStreams:
    name: str = "reorder_streams"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/reference/using-api/api-concepts/#watch; HotOS'21"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message) or occasion.plane is None:
            return PASSED
        others = [kind for _, kind in occasion.plane.streams_of(occasion.component) if kind != occasion.kind]
        if not others:
            return PASSED
        return Verdict.act("hold_until_another", seconds=WAIT_MAX_S)
