"""A list of an outside system shows an earlier state: eventual consistency, with no version to tell it by."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_external


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalStaleList:
    name: str = "external_stale_list"
    legal: bool = True
    obliged: bool = True
    source: str = "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return is_external(occasion, "external_request", "list")

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.act("stale_list")
