"""At rest nothing is left whose owner is gone: no dependent in the store, no item of an outside system.

An orphan is an object all of whose owner references name owners that do not exist, by full coordinates; collecting it
takes a running garbage collector. A leak is an outside item whose `owner`, or whose id, is the uid of an object that
this store once held and does no more. Containers are left out: they are their kubelet's, and outlive a cut-off node.

Not judged: references to kinds that are no longer served, and cluster-scoped dependents of namespaced owners, which
the garbage collector leaves alone too.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.ownership import living_owner
from properties.subject import (
    ABSENT,
    GARBAGE_COLLECTOR,
    has_component,
    has_outside_system,
    is_full_rest,
    is_outside,
    lives,
)
from properties.wording import first
from reference_impl.objects import is_deleting, namespace_of, uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOrphanOrLeak:
    name: str = "no_orphan_or_leak"
    source: str = (
        "https://kubernetes.io/docs/concepts/architecture/garbage-collection/; casskop#370; crossplane-runtime#279; "
        "kubernetes#98040"
    )
    voided_by: tuple[str, ...] = (
        "no garbage collector (for dependents)",
        "vandalism",
        "external_drift",
    )
    when: str = "at_rest"
    server_side: bool = True

    def applies(self, trial: Any) -> bool:
        return has_component(trial, GARBAGE_COLLECTOR) or has_outside_system(trial)

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view):
            return ABSENT
        collected = lives(view, GARBAGE_COLLECTOR)
        if collected and (orphans := _orphans(view)):
            refs = [ObjectRef.to(obj) for obj in orphans]
            reason = f"at rest, all owners of these are gone: {first([str(ref) for ref in refs])}"
            return Judgement.violated(reason, refs, key=f"orphan {refs[0].kind}")
        systems = [system for system in view.external_systems() if is_outside(system)]
        # A user who strips a finalizer, or an outside system that moves by itself, leaves behind what nobody can know.
        if not systems or view.fault_fired("vandalism") or view.fault_fired("external_drift"):
            return HOLDS if collected else ABSENT
        if leaks := _leaks(view, systems):
            lines = [f"{name} item {item['id']} (owner {uid})" for name, item, uid in leaks]
            reason = f"at rest, outside items outlive their owner: {first(lines)}"
            owners = dict.fromkeys(ref for _, _, uid in leaks if (ref := _name_of_the_dead(view, uid)) is not None)
            return Judgement.violated(reason, owners, key=f"leak {leaks[0][0]}")
        return HOLDS


def _orphans(view: View) -> list[JsonObject]:
    return [
        obj
        for obj in view.objects()
        if (references := obj["metadata"].get("ownerReferences"))
        and not is_deleting(obj)
        and not any(_keeps(view, obj, reference) for reference in references)
    ]


def _keeps(view: View, obj: JsonObject, reference: JsonObject) -> bool:
    """Is this a reference on account of which the garbage collector must leave the object alone?"""
    if living_owner(view, obj, reference) is not None:
        return True
    api_version, kind = reference["apiVersion"], reference["kind"]
    if not view.is_served(api_version, kind):
        return True
    return namespace_of(obj) is None and view.is_namespaced(api_version, kind) is True


def _leaks(view: View, systems: list[str]) -> list[tuple[str, JsonObject, str]]:
    """(system, item, owner's uid) of each. A uid that this store never held is no owner of ours."""
    return [
        (system, item, uid)
        for system in systems
        for item in view.external(system)
        for uid in dict.fromkeys((item.get("owner"), item["id"]))
        if isinstance(uid, str) and view.by_uid(uid) is None and view.deleted_at(uid) is not None
    ]


def _name_of_the_dead(view: View, uid: str) -> ObjectRef | None:
    for change in view.changes():
        obj = change.after or change.before
        if obj is not None and uid_of(obj) == uid:
            return change.ref
    return None
