"""A command takes effect, and its sender never hears so: connection lost, timeout, 500, 502 or 504 after the commit.

Most controller bugs live here: the error says nothing about whether it happened.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from reference_impl.errors import ApiError, ConnectionLost, InternalError, Timeout

_ERRORS: dict[str, type[ApiError]] = {
    "connection_lost": ConnectionLost,
    "timeout": Timeout,
    "internal_error": InternalError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLost:
    name: str = "reply_lost"
    legal: bool = True
    obliged: bool = True
    source: str = "kubernetes#96579; cert-manager#6837; Maelstrom's definite and indefinite errors"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Message) and occasion.phase == "reply" and occasion.committed

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message):
            return PASSED
        return Verdict.fail_after(_ERRORS[draw.choice("error", list(_ERRORS))]())
