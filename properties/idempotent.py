"""Reconciling what is already right writes nothing.

After the world is at rest every key is reconciled again, every informer lists again, and the components under test are
restarted: none of these tells a level-triggered controller anything new, so each effective write in them is a write
that will come again for ever. An update that changes nothing is not effective, as in Kubernetes.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT
from properties.wording import act, first

_OCCASIONS = {
    "resync": "every key was only reconciled once more",
    "relist": "every informer only listed again what it knew",
    "restart": "its process was only restarted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotent:
    name: str = "idempotent"
    source: str = (
        "https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/controllers.md; "
        "https://book.kubebuilder.io/reference/good-practices#reconciliation-must-be-idempotent"
    )
    voided_by: tuple[str, ...] = ("fields and kinds declared volatile", "faults still in force during the pass")
    when: str = "at_rest"
    server_side: bool = True

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        occasion = _OCCASIONS.get(view.phase)
        if occasion is None:
            return ABSENT
        writes = view.effective_writes_in_pass()
        if not writes:
            return HOLDS
        found = writes[0]
        return Judgement.violated(
            f"at rest, {occasion}, and {len(writes)} effective write(s) followed: {first([act(w) for w in writes], 2)}",
            [write.ref for write in writes[:5]],
            key=f"{found.ref.kind} {found.component}",
        )
