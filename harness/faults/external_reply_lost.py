"""A call on an outside system takes effect, and its caller never hears so: what it created has no name yet."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_external
from harness.outage import outside_error


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalReplyLost:
    name: str = "external_reply_lost"
    legal: bool = True
    obliged: bool = True
    source: str = "crossplane-runtime#279; tailscale#19441; Stripe, idempotency keys"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return is_external(occasion, "external_reply", "create", "update", "delete")

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.fail_after(outside_error(draw.choice("error", ["timeout", "internal_error", "connection_lost"])))
