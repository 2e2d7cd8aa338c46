"""An informer resyncs: every cached object is announced once more, unchanged. A duplicate that is promised."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, struck_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    name: str = "resync"
    legal: bool = True
    obliged: bool = True
    source: str = "client-go tools/cache/shared_informer.go (resyncPeriod)"
    native_only: bool = True

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        struck = struck_stream(occasion, draw)
        if struck is None:
            return PASSED
        component, kind = struck
        return Verdict.act("resync", component=component, kind=kind)
