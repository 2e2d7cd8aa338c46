"""At most one live child fills each role under an owner.

Opt-in, since only the labels say what a role is: children of one owner, one kind and one value of a role label
(`app.kubernetes.io/component`, a Job's completion index, a StatefulSet's pod name). Judged when one is created.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.pod import is_finished
from properties.subject import ABSENT, is_program
from reference_impl.objects import controller_of, is_deleting, uid_of
from reference_impl.protocol import JsonObject

_ROLE_LABELS = (
    "app.kubernetes.io/component",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueChildren:
    name: str = "unique_children"
    source: str = "cert-manager#4956, scylla-operator#2492 (a generated name where a deterministic one was due)"
    voided_by: tuple[str, ...] = ("a role that several children may share",)
    when: str = "always"
    server_side: bool = True
    on: frozenset[str] = frozenset({"create"})
    opt_in: bool = True

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.before is not None or change.after is None:
            return ABSENT
        child = change.after
        owner, role = controller_of(child), _role(child)
        if owner is None or role is None or not is_program(view, change.component):
            return ABSENT
        others = [
            other
            for other in view.owned(owner["uid"])
            if other["kind"] == child["kind"]
            and uid_of(other) != uid_of(child)
            and not is_deleting(other)
            and not (other["kind"] == "Pod" and is_finished(other))
            and _role(other) == role
        ]
        if not others:
            return HOLDS
        refs = [change.ref, *(ObjectRef.to(other) for other in others)]
        reason = f"{change.component} created {change.ref} beside {refs[1]}, of the same owner and role {role[1]!r}"
        return Judgement.violated(reason, refs, key=f"{change.ref.kind} {change.component}")


def _role(obj: JsonObject) -> tuple[str, str] | None:
    labels = obj["metadata"].get("labels") or {}
    return next(((label, labels[label]) for label in _ROLE_LABELS if label in labels), None)
