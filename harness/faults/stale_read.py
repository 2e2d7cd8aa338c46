"""An API server's watch cache falls behind: its watches, and reads that allow any version, tell of the past.

Strikes as a command arrives, at the server that its sender reads from: the sender does not hear of its own write for a
while. Reads without a resourceVersion stay fresh; whoever asks for a newer revision waits 3 s and gets "Too large
resource version".
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_command, server_number


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRead:
    name: str = "stale_read"
    legal: bool = True
    obliged: bool = True
    source: str = "kubernetes#59848; https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_command(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message):
            return PASSED
        seconds = draw.seconds("seconds", 0.5, 60.0)
        return Verdict.act("replica_lag", server=server_number(occasion.server), seconds=seconds)
