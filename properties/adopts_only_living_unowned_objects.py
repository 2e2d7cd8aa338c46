"""An object is adopted only if nobody controls it, by an owner that lives and is not being deleted.

The server keeps two controllers apart only within one object, so the adopter must look: at the object (the update is
conditional on what it saw), and, live, at itself, because its cache may be of before its own deletion. Wrong is: taking
an object from a controller that lives; adopting for an owner that the sender knew to be deleted; adopting for an owner
that was being deleted when the patch was sent, without any live read of it. An owner deleted between its live read
and the patch is a race that no adopter can close.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, View
from properties.knowledge import knew
from properties.ownership import living_owner, owner_ref
from properties.subject import ABSENT, has_writers, is_act, is_program
from reference_impl.objects import controller_of, is_deleting, uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptsOnlyLivingUnownedObjects:
    name: str = "adopts_only_living_unowned_objects"
    source: str = (
        "kubernetes#42639 and PR#43032 (RecheckDeletionTimestamp); "
        "https://github.com/kubernetes/design-proposals-archive/blob/main/api-machinery/controller-ref.md"
    )
    voided_by: tuple[str, ...] = ("an owner deleted between the adopter's live read and its patch",)
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_act(change):
            return ABSENT
        if change.before is None or change.after is None:
            return HOLDS
        if change.before["metadata"].get("ownerReferences") == change.after["metadata"].get("ownerReferences"):
            return HOLDS
        old, new = controller_of(change.before), controller_of(change.after)
        if new is None or (old is not None and old["uid"] == new["uid"]) or not is_program(view, change.component):
            return HOLDS
        wrong = _theft(view, change, old) or _lifeless_owner(view, change, new)
        if wrong is None:
            return HOLDS
        reason = f"{change.component} made {owner_ref(view, change.after, new)} the controller of {change.ref}, {wrong}"
        return Judgement.violated(reason, [change.ref], key=f"{change.ref.kind} {change.component}")


def _theft(view: View, change: Change, old: JsonObject | None) -> str | None:
    if old is None or change.before is None or living_owner(view, change.before, old) is None:
        return None
    return f"which {owner_ref(view, change.before, old)} controls"


def _lifeless_owner(view: View, change: Change, new: JsonObject) -> str | None:
    if change.after is None:
        return None
    owner = living_owner(view, change.after, new)
    if owner is not None and not is_deleting(owner):
        return None
    ref = owner_ref(view, change.after, new)
    revision = next(
        (
            event.revision
            for event in view.history(ref)
            if uid_of(event.object) == new["uid"] and (event.type == "DELETED" or is_deleting(event.object))
        ),
        None,
    )
    if revision is None:
        return None
    if knew(view, change.request, new["uid"], revision):
        return f"and knew that this owner is being deleted (revision {revision})"
    if not _was_sent_after(view, change, revision):
        return None
    if view.live_read(change.component, ref.api_version, ref.kind, ref.name, ref.namespace) is None:
        return f"and never looked, live, whether this owner is being deleted (it is, since revision {revision})"
    return None


def _was_sent_after(view: View, change: Change, revision: int) -> bool:
    return any(c.revision == revision and c.step < change.request.step for c in view.changes())
