"""A process dies at a message of its own and restarts with empty memory.

Crash points are messages, not instants: real windows between two writes are under a millisecond. Before a request: what
it was about to ask for never happens. After its commit: the effect is there, the process that wanted it knows nothing.
At an event: the process dies having just been told.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import READS, is_upkeep


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    name: str = "crash"
    legal: bool = True
    obliged: bool = True
    source: str = "Sieve (OSDI'22), intermediate states; https://kubernetes.io/docs/concepts/architecture/controller/"

    def applies(self, occasion: Message | Moment) -> bool:
        if not isinstance(occasion, Message) or is_upkeep(occasion):
            return False
        return occasion.phase not in ("request", "reply") or occasion.verb not in READS

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message):
            return PASSED
        return Verdict.crash(occasion.component, restart_after_s=draw.seconds("restart_after_s", 0.1, 30.0))
