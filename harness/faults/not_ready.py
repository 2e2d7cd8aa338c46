"""A server that is not ready answers 503: it did not look at the request, which had no effect."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_request
from reference_impl.errors import ServiceUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    name: str = "not_ready"
    legal: bool = True
    obliged: bool = True
    source: str = (
        "apiserver, shutdown and start-up phases: https://kubernetes.io/docs/reference/using-api/health-checks/"
    )

    def applies(self, occasion: Message | Moment) -> bool:
        return is_request(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.fail_before(ServiceUnavailable())
