"""Two copies of a program run at once for a while: a rolling update, a hand-over. Then the older one goes.

Only where it can happen: programs that elect a leader, or that declare `overlap`. A Recreate deployment or a
StatefulSet never runs two.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    name: str = "overlap"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) and any(
            occasion.plane.overlap_allowed(view.name) for view in occasion.plane.components()
        )

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Moment):
            return PASSED
        plane = occasion.plane
        names = {view.name for view in plane.components()}
        component = struck_component(
            occasion, draw, lambda view: plane.overlap_allowed(view.name) and f"{view.name}-next" not in names
        )
        if component is None:
            return PASSED
        return Verdict.act("overlap", component=component, seconds=draw.seconds("seconds", 1.0, 60.0))
