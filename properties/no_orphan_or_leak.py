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
    lives,
)
from properties.wording import first
from reference_impl.objects import is_deleting, namespace_of
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

    def applies(self, trial: Any) -> bool:
        return has_component(trial, GARBAGE_COLLECTOR) or has_outside_system(trial)

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view):
            return ABSENT
        orphans, dependents = _orphans(view) if lives(view, GARBAGE_COLLECTOR) else ([], 0)
        if orphans:
            refs = [ObjectRef.to(obj) for obj in orphans]
            reason = f"at rest, all owners of these are gone: {first([str(ref) for ref in refs])}"
            return Judgement.violated(reason, refs, key=f"orphan {refs[0].kind}")
        # A user who strips a finalizer, or an outside system that moves by itself, leaves behind what nobody can know.
        if view.fault_fired("vandalism") or view.fault_fired("external_drift"):
            return HOLDS if dependents else ABSENT
        leaks, owned_items = _leaks(view)
        if leaks:
            system = leaks[0][0]
            lines = [f"{name} item {item['id']} (owner {uid})" for name, item, uid in leaks]
            return Judgement.violated(
                f"at rest, outside items outlive their owner: {first(lines)}", key=f"leak {system}"
            )
        return HOLDS if dependents or owned_items else ABSENT


def _orphans(view: View) -> tuple[list[JsonObject], int]:
    """Orphans, and how many dependents were looked at."""
    orphans, dependents = [], 0
    for obj in view.objects():
        references = obj["metadata"].get("ownerReferences")
        if not references or is_deleting(obj):
            continue
        dependents += 1
        if not any(_keeps(view, obj, reference) for reference in references):
            orphans.append(obj)
    return orphans, dependents


def _keeps(view: View, obj: JsonObject, reference: JsonObject) -> bool:
    """Is this a reference on account of which the garbage collector must leave the object alone?"""
    if living_owner(view, obj, reference) is not None:
        return True
    api_version, kind = reference["apiVersion"], reference["kind"]
    if not view.is_served(api_version, kind):
        return True
    return namespace_of(obj) is None and view.is_namespaced(api_version, kind) is True


def _leaks(view: View) -> tuple[list[tuple[str, JsonObject, str]], int]:
    """(system, item, owner's uid) of each leak, and how many items had an owner of ours."""
    leaks, owned = [], 0
    for system in view.external_systems():
        if system.startswith("containers/"):
            continue
        for item in view.external(system):
            for uid in dict.fromkeys((item.get("owner"), item["id"])):
                if not isinstance(uid, str):
                    continue
                if view.by_uid(uid) is not None:
                    owned += 1
                elif view.deleted_at(uid) is not None:
                    owned += 1
                    leaks.append((system, item, uid))
                    break
    return leaks, owned
