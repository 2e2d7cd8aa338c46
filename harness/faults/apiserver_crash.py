"""An API server dies: its streams break, requests go to another; it comes back with a cold watch cache."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_request, server_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiserverCrash:
    name: str = "apiserver_crash"
    legal: bool = True
    obliged: bool = True
    source: str = "kube-apiserver is stateless: https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/ha-topology/"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or is_request(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if isinstance(occasion, Message):
            server = server_number(occasion.server)
        else:
            server = draw.choice("server", list(range(occasion.plane.server_count())))
        return Verdict.act("server_crash", server=server, down_s=draw.seconds("seconds", 0.5, 60.0))
