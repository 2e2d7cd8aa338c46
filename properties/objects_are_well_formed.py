"""Every commit keeps what the API server promises of any object.

A uid names one object for ever; name, namespace, uid and creation time of an object never change; its generation never
falls and its revision grows; a deletion, once begun, is not taken back; at most one owner is the controller. Not for
controllers, but for API-server and store variants (`Trial(plane=...)`): ours enforce all of this.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, View
from properties.subject import ABSENT
from reference_impl.protocol import JsonObject

_FIXED = ("name", "namespace", "uid", "creationTimestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsAreWellFormed:
    name: str = "objects_are_well_formed"
    source: str = (
        "https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/"
        "api-conventions.md#metadata; Anvil (OSDI'24), cluster invariants"
    )
    voided_by: tuple[str, ...] = ()
    when: str = "always"
    server_side: bool = True
    on: frozenset[str] = frozenset({"create", "update"})

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.after is None:
            return ABSENT
        after = change.after["metadata"]
        owners = after.get("ownerReferences")
        wrong = None
        if owners and len(owners) > 1 and sum(1 for owner in owners if owner.get("controller")) > 1:
            wrong = "it has more than one controller"
        elif change.before is None:
            wrong = _wrong_birth(view, change, after)
        else:
            wrong = _wrong_step(change.before["metadata"], after)
        if wrong is None:
            return HOLDS
        reason = f"revision {change.revision} ({change.component} {change.verb} {change.ref}): {wrong}"
        return Judgement.violated(reason, [change.ref], key=f"{change.ref.kind} {wrong.partition(':')[0]}")


def _wrong_birth(view: View, change: Change, after: JsonObject) -> str | None:
    uid = after.get("uid")
    if not uid:
        return "it has no uid"
    bearer = view.by_uid(uid)
    if view.deleted_at(uid) is not None or (bearer is not None and bearer["metadata"]["name"] != after["name"]):
        return f"its uid was another's: {uid}"
    return None


def _wrong_step(before: JsonObject, after: JsonObject) -> str | None:
    for field in _FIXED:
        if before.get(field) != after.get(field):
            return f"its {field} changed: {before.get(field)} -> {after.get(field)}"
    if (after.get("generation") or 0) < (before.get("generation") or 0):
        return f"its generation fell: {before.get('generation')} -> {after.get('generation')}"
    if int(after["resourceVersion"]) <= int(before["resourceVersion"]):
        return f"its revision did not grow: {before['resourceVersion']} -> {after['resourceVersion']}"
    if before.get("deletionTimestamp") and not after.get("deletionTimestamp"):
        return "its deletion was taken back"
    return None
