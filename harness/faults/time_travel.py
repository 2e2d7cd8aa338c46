"""A component restarts and lists first at an API server that has fallen behind: it is back in a past it had left.

Legal, since a first list asks for any version. A component that only reconnects resumes from its last revision and
never goes back. Only lists that allow any version (`resourceVersion=0`, which informers begin with) see the past.

A process in real time takes seconds to start, so there the server stays behind until the process has listed.
"""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_command, is_event, server_number

CRASH_LOW_S = 0.5
CRASH_HIGH_S = 30.0
"""Users act about once a second: a past that is not older than their last action holds nothing to stumble over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTravel:
    name: str = "time_travel"
    legal: bool = True
    obliged: bool = True
    source: str = "Sieve (OSDI'22), stale state; kubernetes#59848"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_command(occasion) or is_event(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message) or occasion.plane is None:
            return PASSED
        home = server_number(occasion.server)
        others = [number for number in range(occasion.plane.server_count()) if number != home]
        if not others:
            return PASSED
        crash_after_s = draw.seconds("crash_after_s", CRASH_LOW_S, CRASH_HIGH_S)
        restart_after_s = draw.seconds("restart_after_s", 0.1, 5.0)
        return Verdict.act(
            "time_travel",
            component=occasion.component,
            server=draw.choice("server", others),
            crash_after_s=crash_after_s,
            restart_after_s=restart_after_s,
            lag_s=crash_after_s + restart_after_s + draw.seconds("behind_s", 1.0, 60.0),
        )
