"""A load balancer moves a component to another API server: its streams break, and it resumes over there."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, server_number, struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchServer:
    name: str = "switch_server"
    legal: bool = True
    obliged: bool = True
    source: str = "kubernetes#59848; HA control planes behind a load balancer"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_event(occasion) or (isinstance(occasion, Moment) and occasion.plane.server_count() > 1)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        plane = occasion.plane
        component = struck_component(occasion, draw)
        if plane is None or component is None:
            return PASSED
        home = server_number(occasion.server) if isinstance(occasion, Message) else None
        others = [number for number in range(plane.server_count()) if number != home]
        if not others:
            return PASSED
        return Verdict.act("switch_server", component=component, server=draw.choice("server", others))
