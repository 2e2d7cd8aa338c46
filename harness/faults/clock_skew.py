"""The wall clock of a process jumps ahead or back. Its monotonic clock runs on, so its timers and leases are right."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkew:
    name: str = "clock_skew"
    legal: bool = True
    obliged: bool = True
    source: str = "There is no shared wall clock: client-go tools/leaderelection says so; kubernetes#23860"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        component = struck_component(occasion, draw)
        if component is None:
            return PASSED
        seconds = draw.seconds("seconds", 0.1, 60.0)
        if draw.choice("direction", ["ahead", "back"]) == "back":
            seconds = -seconds
        return Verdict.act("skew_clock", component=component, seconds=seconds)
