"""No packet passes between a component and one or all API servers. Streams stall, and after 30 s are found broken.

The component runs on, on what it knows. Not modelled: a partition in one direction only.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_event, is_request, server_number, struck_component


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    name: str = "partition"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/architecture/nodes/; client-go HTTP/2 health check (30 s)"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_request(occasion) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        component = struck_component(occasion, draw, lambda view: not view.name.startswith("kubelet-"))
        if component is None:
            return PASSED
        server = None
        if draw.choice("servers", ["all", "one"]) == "one":
            server = server_number(occasion.server) if isinstance(occasion, Message) else 0
        seconds = draw.seconds("seconds", 0.5, 120.0)
        return Verdict.act("partition", component=component, server=server, seconds=seconds)
