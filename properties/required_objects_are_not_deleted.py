"""No controller deletes what the newest spec it ever saw still requires, because it has gone back to an older one.

After a restart a process may first see the past: its caches fill from a replica that lags. If an earlier life of it saw
a newer spec of the object's owner, and that spec is the present one and requires the object (the fair-weather end state
has it), then deleting it on the older spec's word destroys what will have to be made again. A live read of that owner,
or a precondition on the object's resourceVersion, covers the act; one on the uid does not, as it says nothing of the
spec.

Not judged: Pods (replaceable; their claims and budgets have properties of their own), deletions while the sender's view
of the owner is as new as any it ever had (replacing an object is a controller's right), objects without a controlling
owner, and deletions for an owner that is itself being deleted.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, ObjectRef, View
from properties.hindsight import went_back
from properties.ownership import controllers_above, is_condemned
from properties.subject import ABSENT, has_writers, is_act, is_cascade, is_deletion, is_program
from reference_impl.objects import controller_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredObjectsAreNotDeleted:
    name: str = "required_objects_are_not_deleted"
    source: str = "Sieve (OSDI'22), stale state: K8SPXC-725, rabbitmq#653, yugabyte-operator#35; HotOS'21"
    voided_by: tuple[str, ...] = (
        "a live read of the owner, or a resourceVersion precondition",
        "an owner whose spec changed after the command was sent",
    )
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_act(change):
            return ABSENT
        if not is_deletion(change) or not _is_needed(view, change):
            return HOLDS
        if change.request.request.precondition_resource_version:
            return HOLDS
        for owner in controllers_above(view, change.before) if change.before is not None else ():
            if went_back(view, change, owner):
                ref = ObjectRef.to(owner)
                reason = (
                    f"{change.component} deleted {change.ref} on the word of an old spec of {ref}; the newest one, "
                    "which an earlier life of it had seen, requires it"
                )
                return Judgement.violated(reason, [change.ref, ref], key=f"{change.ref.kind} {change.component}")
        return HOLDS


def _is_needed(view: View, change: Change) -> bool:
    """Is this a controller's own decision about an object that the present spec of a living owner requires?"""
    if change.before is None or change.ref.kind == "Pod" or controller_of(change.before) is None:
        return False
    if is_cascade(change.component) or not is_program(view, change.component):
        return False
    return view.required(change.ref) and not is_condemned(view, change.before)
