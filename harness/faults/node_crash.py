"""A node dies with all its containers, and comes back later, empty."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import draw_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCrash:
    name: str = "node_crash"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/architecture/nodes/#condition; taint-based eviction after 300 s"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) and bool(occasion.plane.nodes())

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        node = draw_of(occasion.plane.nodes(), draw, "node") if isinstance(occasion, Moment) else None
        if node is None:
            return PASSED
        return Verdict.act("node_crash", node=node, down_s=draw.seconds("seconds", 1.0, 600.0))
