"""Every reconcile comes to an end.

At rest nothing is in flight, so a pass that has not returned waits for something that will not come. A pass may sleep
for a while, so one that began less than `patience_s` ago is not judged.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, ReconcileRecord, View
from properties.subject import ABSENT, final_rest, has_controllers


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileReturns:
    name: str = "reconcile_returns"
    source: str = "https://pkg.go.dev/sigs.k8s.io/controller-runtime/pkg/reconcile#Reconciler"
    voided_by: tuple[str, ...] = ("the death of its process", "a sleep inside the pass")
    when: str = "at_rest"
    patience_s: float = 45.0
    """Virtual seconds a pass may have been running at rest; arbitrary, and less than the 60 s of silence that make
    rest."""

    def applies(self, trial: Any) -> bool:
        return has_controllers(trial)

    def judge(self, view: View) -> Judgement:
        if not final_rest(view):
            return ABSENT
        passes, young = 0, None
        for component in view.components():
            if not component.alive:
                continue
            for record in view.reconciles(component.name):
                if record.incarnation != component.incarnation:
                    continue
                passes += 1
                if record.finished_s is not None:
                    continue
                if view.now_s - record.started_s >= self.patience_s:
                    return _violated(view, record, component.name)
                young = record
        if young is not None:
            return Judgement.unknown(
                f"{young.controller} is still in a pass over {young.name}, and may be asleep in it"
            )
        return HOLDS if passes else ABSENT


def _violated(view: View, record: ReconcileRecord, component: str) -> Judgement:
    where = f"{record.namespace}/{record.name}" if record.namespace else record.name
    age_s = view.now_s - record.started_s
    reason = f"{record.controller} never came back from reconciling {where}: {age_s:.0f} s so far, nothing in flight"
    refs: list[ObjectRef] = []
    return Judgement.violated(reason, refs, key=f"{record.controller} {component}")
