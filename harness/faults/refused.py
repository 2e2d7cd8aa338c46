"""A connection is refused: the request was never sent, and had no effect."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_request
from reference_impl.errors import Unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    name: str = "refused"
    legal: bool = True
    obliged: bool = True
    source: str = "Maelstrom's definite errors; a load balancer in front of an API server that restarts"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_request(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.fail_before(Unreachable("dial tcp: connect: connection refused"))
