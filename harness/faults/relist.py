"""An informer lists its collection again: every object comes once more, and what is gone is gone without an event."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, struck_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Relist:
    name: str = "relist"
    legal: bool = True
    obliged: bool = True
    source: str = "client-go tools/cache/reflector.go; controller-runtime#1740"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        struck = struck_stream(occasion, draw)
        if struck is None:
            return PASSED
        component, kind = struck
        return Verdict.act("relist", component=component, kind=kind)
