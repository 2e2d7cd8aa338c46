"""After the weather has cleared, the world is right about as soon as it would have been without it.

What is repaired only by a periodic look, every ten minutes or ten hours, converges as well, and nobody wants to wait
for it: somebody did not watch, or took an error for an answer. Counted is the time from the end of the weather to the
last effective commit. It may be as long as fair weather took after the last thing a user did, plus as long as the run
had lasted until then (a back-off that doubles waits as long again as it has failed), plus `slack_s`.

Opt-in: a controller may have good reasons to look again by the clock only, and some outside systems need that.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT, has_controllers, is_full_rest, is_program
from properties.wording import act


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairsComeInTime:
    name: str = "repairs_come_in_time"
    source: str = "cluster-api PR#11448 (up to 10 minutes late, without a watch); kubernetes#128881"
    voided_by: tuple[str, ...] = ("work that really takes long", "a user who waits for nothing")
    when: str = "at_rest"
    opt_in: bool = True
    slack_s: float = 400.0
    """Longer than whatever honest work waits for: a program that crashes is restarted after 300 s at most, a request
    times out after 60 s, a broken watch is tried again within 60 s."""

    def applies(self, trial: Any) -> bool:
        return has_controllers(trial)

    def judge(self, view: View) -> Judgement:
        healed_s, usual_s = view.healed_s, view.fair_weather_s()
        if not is_full_rest(view) or healed_s is None or usual_s is None:
            return ABSENT
        late = [
            change
            for change in view.changes()
            if change.request.sent_s > healed_s and is_program(view, change.component)
        ]
        if not late:
            return HOLDS
        last = late[-1]
        needed_s, limit_s = last.request.sent_s - healed_s, usual_s + healed_s + self.slack_s
        if needed_s <= limit_s:
            return HOLDS
        reason = (
            f"the world was still not right {needed_s:.0f} s after the weather had cleared; in fair weather it took "
            f"{usual_s:.0f} s. Last: {act(last)}"
        )
        return Judgement.violated(reason, [last.ref], key=f"{last.ref.kind} {last.component}")
