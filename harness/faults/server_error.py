"""A request fails with 500, 502, 504 or a broken connection before it had any effect: its sender cannot know that.

Together with `reply_lost` this makes the two worlds that one error may mean.
"""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_request
from harness.outage import INDEFINITE, indefinite_error


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    name: str = "server_error"
    legal: bool = True
    obliged: bool = True
    source: str = "Maelstrom's indefinite errors; apimachinery metav1.StatusReasonTimeout, InternalError"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_request(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.fail_before(indefinite_error(draw.choice("error", list(INDEFINITE))))
