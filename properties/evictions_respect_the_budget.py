"""No controller under test deletes a healthy pod whose PodDisruptionBudget has nothing left to spend.

Opt-in: the eviction subresource enforces budgets, a plain delete does not, and many controllers may well delete their
own pods. For those that should evict instead (rolling restarts, drains).
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.pod import is_active, is_covered, is_ready
from properties.subject import ABSENT, has_kind, is_deletion, is_under_test
from reference_impl.objects import is_deleting


@dataclass(frozen=True, slots=True, kw_only=True)
class EvictionsRespectTheBudget:
    name: str = "evictions_respect_the_budget"
    source: str = "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-budgets"
    voided_by: tuple[str, ...] = ("a pod that is not ready", "a deletion by a user or a built-in controller")
    when: str = "always"
    on: frozenset[str] = frozenset({"delete", "update"})
    opt_in: bool = True

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, "PodDisruptionBudget")

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.before is None or change.ref.kind != "Pod":
            return ABSENT
        if change.request.request.subresource == "eviction" and is_under_test(view, change.component):
            return HOLDS  # the API server has looked at the budget
        if not is_deletion(change):
            return ABSENT
        pod = change.before
        if not is_under_test(view, change.component) or not is_active(pod) or not is_ready(pod):
            return ABSENT
        budgets = [
            budget
            for budget in view.list("policy/v1", "PodDisruptionBudget", change.ref.namespace)
            if not is_deleting(budget) and is_covered(pod, budget)
        ]
        for budget in budgets:
            left = (budget.get("status") or {}).get("disruptionsAllowed")
            if isinstance(left, int) and left <= 0:
                ref = ObjectRef.to(budget)
                reason = f"{change.component} deleted the ready {change.ref}, though {ref} allows no disruption now"
                return Judgement.violated(reason, [change.ref, ref], key=f"Pod {change.component}")
        return HOLDS if budgets else ABSENT
