"""A single message takes its time: a request, a reply, a watch event (those behind it queue) or a call outside.

The salt draws the very same thing for many messages at once; this kind is how one of them is named in a schedule. To
switch it off (`no_faults=("latency",)`) switches the salt off as well.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.latency import LATE_HIGH_S, LATE_LOW_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    name: str = "latency"
    legal: bool = True
    obliged: bool = True
    source: str = "Kubernetes API concepts, efficient detection of changes; design of the harness, section 2.3"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Message)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message):
            return PASSED
        seconds = draw.seconds("seconds", LATE_LOW_S, LATE_HIGH_S)
        return PASSED if seconds < occasion.waited_s else Verdict.delay(seconds - occasion.waited_s)
