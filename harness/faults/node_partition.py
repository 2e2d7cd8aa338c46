"""A node is cut off with its pods still running: nobody hears of them, and they hear of nothing.

Longer than 40 s and the node is declared lost; longer than 300 s more and its pods are evicted, while they run.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import draw_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePartition:
    name: str = "node_partition"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/architecture/nodes/#node-status"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) and bool(occasion.plane.nodes())

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        node = draw_of(occasion.plane.nodes(), draw, "node") if isinstance(occasion, Moment) else None
        if node is None:
            return PASSED
        seconds = draw.seconds("seconds", 1.0, 600.0)
        return Verdict.act("partition", component=f"kubelet-{node}", server=None, seconds=seconds)
