"""A kubelet restarts; the containers on its node run on, and it has to find out which."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import draw_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletRestart:
    name: str = "kubelet_restart"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/concepts/architecture/nodes/; kubelet pod status reconstruction"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) and bool(occasion.plane.nodes())

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        node = draw_of(occasion.plane.nodes(), draw, "node") if isinstance(occasion, Moment) else None
        if node is None:
            return PASSED
        return Verdict.crash(f"kubelet-{node}", restart_after_s=draw.seconds("restart_after_s", 0.5, 60.0))
