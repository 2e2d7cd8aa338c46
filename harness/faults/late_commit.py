"""A command is still in the server's queue when its sender gives up or dies: it commits later, unwanted by then.

Bounded by the server's own request timeout. Nothing fences such a command: a new leader may be acting already.
"""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_command
from harness.outage import indefinite_error

LATE_MAX_S = 30.0
"""A mutating request that took longer would be cut off: kube-apiserver allows 60 s, most clients 30 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCommit:
    name: str = "late_commit"
    legal: bool = True
    obliged: bool = True
    source: str = "client-go tools/leaderelection (no fencing); kube-apiserver --request-timeout"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_command(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        fate = draw.choice("sender", ["gives_up", "dies"])
        arguments = {"seconds": draw.seconds("seconds", 0.1, LATE_MAX_S), "crash": fate == "dies"}
        if fate == "dies":
            return Verdict.act("late_commit", **arguments, restart_after_s=draw.seconds("restart_after_s", 0.1, 30.0))
        error = indefinite_error(draw.choice("error", ["connection_lost", "timeout"]))
        return Verdict.act("late_commit", **arguments, error=error)
