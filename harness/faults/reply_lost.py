"""A command takes effect, and its sender never hears so: connection lost, timeout, 500, 502 or 504 after the commit.

Most controller bugs live here: the error says nothing about whether it happened.
"""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_commit
from harness.outage import INDEFINITE, indefinite_error


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLost:
    name: str = "reply_lost"
    legal: bool = True
    obliged: bool = True
    source: str = "kubernetes#96579; cert-manager#6837; Maelstrom's definite and indefinite errors"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_commit(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.fail_after(indefinite_error(draw.choice("error", list(INDEFINITE))))
