"""A request is turned away with 429 and a Retry-After: the server has too much to do. It had no effect."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_request
from reference_impl.errors import TooManyRequests


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    name: str = "throttled"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/cluster-administration/flow-control/"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_request(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        message = "the server has received too many requests and has asked us to try again later"
        return Verdict.fail_before(TooManyRequests(message, retry_after_s=draw.integer("retry_after_s", 1, 30)))
