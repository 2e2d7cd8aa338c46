"""A webhook denies a kind of write to everybody for a while: 403, no effect."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_command


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionDenied:
    name: str = "admission_denied"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_command(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message):
            return PASSED
        return Verdict.act(
            "deny",
            why="admission",
            kind=occasion.kind,
            verb=occasion.verb,
            subresource=occasion.subresource,
            seconds=draw.seconds("seconds", 0.5, 120.0),
        )
