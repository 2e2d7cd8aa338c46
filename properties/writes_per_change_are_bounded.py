"""Nobody amplifies: what a component writes is bounded by what it heard of.

A change that a component hears of may make it write a few objects, a few times. So its effective writes are compared
with its reasons: commits by others, objects that it wrote at all (each has to be made, marked, reported on), passes
that failed or asked to come back, and its lives. More than `writes_most` for each reason (arbitrary, and far above
honest work) is an amplifier: in an outage's wake, when everybody hears of everything at once, it is what keeps the API
server down.

Judged at rest, of components under test. Requests that change nothing (reads, writes of what is there already) are not
seen by properties; a loop of those is `no_hot_loop`'s. Opt-in: how much is too much is a matter of size.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT, final_rest, has_writers


@dataclass(frozen=True, slots=True, kw_only=True)
class WritesPerChangeAreBounded:
    name: str = "writes_per_change_are_bounded"
    source: str = (
        "Gasch, Kubernetes patterns (2023), page 26 (anticipate effects on the rest of the system); "
        "https://kubernetes.io/docs/concepts/cluster-administration/flow-control/"
    )
    voided_by: tuple[str, ...] = (
        "an object that is meant to be written without end (a heartbeat): declare it volatile",
    )
    when: str = "at_rest"
    opt_in: bool = True
    writes_most: int = 8

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        if not final_rest(view):
            return ABSENT
        changes = view.changes()
        judged = False
        for component in view.components():
            if not component.under_test:
                continue
            own = [change for change in changes if change.component == component.name]
            judged = judged or bool(own)
            objects = {change.ref for change in own}
            again = sum(record.outcome != "done" for record in view.reconciles(component.name))
            reasons = len(changes) - len(own) + len(objects) + again + component.incarnation + 1
            if len(own) > self.writes_most * reasons:
                told = f"{reasons} reasons (changes by others, objects, failures, lives)"
                reason = f"{component.name} wrote {len(own)} times, with {told}"
                return Judgement.violated(reason, [own[-1].ref], key=component.name)
        return HOLDS if judged else ABSENT
