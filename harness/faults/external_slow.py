"""A call on an outside system takes seconds to minutes, before its effect or after it."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_external


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSlow:
    name: str = "external_slow"
    legal: bool = True
    obliged: bool = True
    source: str = "cloud APIs: load balancers and volumes take minutes"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return is_external(occasion, "external_request") or is_external(occasion, "external_reply")

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.delay(draw.seconds("seconds", 1.0, 120.0))
