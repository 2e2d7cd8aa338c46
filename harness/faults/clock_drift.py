"""The clocks of a process run up to a tenth too fast or too slow, until the storm ends.

Well within what leader election tolerates (15 s of lease against 10 s to renew: a ratio of 1.5).
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDrift:
    name: str = "clock_drift"
    legal: bool = True
    obliged: bool = True
    source: str = "client-go tools/leaderelection: tolerates clock skew rate of LeaseDuration to RenewDeadline"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        component = struck_component(occasion, draw)
        if component is None:
            return PASSED
        rate = draw.choice("rate", [0.9, 0.95, 0.99, 1.01, 1.05, 1.1])
        return Verdict.act("drift_clock", component=component, rate=rate)
