"""A process stands still (a long garbage collection, a suspended machine), then goes on as if nothing had happened.

Its messages wait both ways, its clock does not: a leader that wakes up after its lease has run out may not know yet.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import READS, is_upkeep, struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    name: str = "pause"
    legal: bool = True
    obliged: bool = True
    source: str = "Kleppmann, How to do distributed locking; kubernetes leader election, client-go tools/leaderelection"

    def applies(self, occasion: Message | Moment) -> bool:
        if isinstance(occasion, Moment):
            return True
        return not is_upkeep(occasion) and (occasion.phase == "event" or occasion.verb not in READS)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        component = struck_component(occasion, draw)
        if component is None:
            return PASSED
        return Verdict.act("pause", component=component, seconds=draw.seconds("seconds", 1.0, 60.0))
