"""A call on an outside system fails before it had any effect."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_external
from harness.outage import outside_error


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalFails:
    name: str = "external_fails"
    legal: bool = True
    obliged: bool = True
    source: str = "crossplane-runtime#279; cloud APIs: throttling, 5xx"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return is_external(occasion, "external_request")

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        error = draw.choice("error", ["throttled", "unreachable", "timeout", "internal_error"])
        return Verdict.fail_before(outside_error(error))
