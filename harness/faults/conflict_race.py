"""Another writer wins the race: the object changes just before an update of it arrives, which then meets 409.

A real other commit, so that its event comes as well: a bare 409 would hang controllers that rightly wait for it. Once a
strike, since a permanent racer defeats any controller.
"""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_command


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRace:
    name: str = "conflict_race"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions; client-go util/retry"

    def applies(self, occasion: Message | Moment) -> bool:
        return (
            is_command(occasion)
            and isinstance(occasion, Message)
            and occasion.verb in ("update", "patch", "delete")
            and occasion.kind != "Lease"
        )

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.act("touch")
