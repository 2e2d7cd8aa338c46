"""The garbage collector deletes an object only if none of its owners keeps it.

An owner keeps it if it exists by full coordinates and does not itself wait, in foreground deletion, for its dependents
to go. Owners are looked up by uid and coordinates, never by uid alone. Judged at the commit: the collector's delete is
conditional on what it saw, so an owner that came in the meantime has to stop it. The collector watches all objects, so
each commit that it answers with nothing is one that it spared.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.ownership import is_solid, living_owner, owner_ref
from properties.subject import ABSENT, GARBAGE_COLLECTOR, has_component, is_deletion


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbageCollectionSparesTheOwned:
    name: str = "garbage_collection_spares_the_owned"
    source: str = "https://kubernetes.io/docs/concepts/architecture/garbage-collection/; kubernetes#65200, PR#92743"
    voided_by: tuple[str, ...] = ()
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})

    def applies(self, trial: Any) -> bool:
        return has_component(trial, GARBAGE_COLLECTOR)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None:
            return ABSENT
        if change.before is None or not change.component.startswith(GARBAGE_COLLECTOR) or not is_deletion(change):
            return HOLDS
        references = change.before["metadata"].get("ownerReferences") or ()
        for reference in references:
            owner = living_owner(view, change.before, reference)
            if owner is not None and is_solid(owner):
                keeper = owner_ref(view, change.before, reference)
                reason = f"{change.component} deleted {change.ref}, which {keeper} owns and keeps"
                return Judgement.violated(reason, [change.ref], key=change.ref.kind)
        return HOLDS
