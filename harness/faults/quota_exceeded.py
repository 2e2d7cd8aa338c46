"""A namespace's quota is used up for a while: creates of a kind in it get 403, whoever asks. No effect."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_command


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaExceeded:
    name: str = "quota_exceeded"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/policy/resource-quotas/"

    def applies(self, occasion: Message | Moment) -> bool:
        return (
            is_command(occasion)
            and isinstance(occasion, Message)
            and occasion.verb == "create"
            and occasion.subresource is None
            and occasion.namespace is not None
            and occasion.kind != "Lease"
        )

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message):
            return PASSED
        return Verdict.act(
            "deny",
            why="quota",
            kind=occasion.kind,
            verb="create",
            namespace=occasion.namespace,
            seconds=draw.seconds("seconds", 0.5, 120.0),
        )
