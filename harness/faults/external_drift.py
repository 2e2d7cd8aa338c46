"""An outside item disappears by itself, just before its controller asks for it, changes it or deletes it.

Somebody deleted it in the console. Only then can its controller know: an outside system gives no watch, and nobody is
obliged to notice what it is never told.
"""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_external


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalDrift:
    name: str = "external_drift"
    legal: bool = True
    obliged: bool = True
    source: str = "tailscale#19441; crossplane drift detection"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return is_external(occasion, "external_request", "get", "update", "delete")

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.act("external_drift")
