"""At rest an owner has at most one item of each role in an outside system.

A create whose answer was lost, tried again without an idempotency key, makes two of what should be one; nothing in the
cluster shows it. Items belong together by their `owner` and, if they say one, their `role`. Where fair weather itself
has several of a role per owner (`facts.external_multiples` names such systems), nothing is judged; as long as that is
not known, items without a role must be alike in all but their id to count as doubles.
"""

import json
from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.subject import ABSENT, has_outside_system, is_full_rest, is_outside
from properties.wording import first
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class OneExternalObjectPerOwner:
    name: str = "one_external_object_per_owner"
    source: str = "crossplane-runtime#279, crossplane#3037, provider-upjet-aws#1482"
    voided_by: tuple[str, ...] = ("external_drift", "several items of one role in fair weather")
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return has_outside_system(trial)

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view) or view.fault_fired("external_drift"):
            return ABSENT
        facts = view.trial.facts
        multiples = getattr(facts, "external_multiples", None)
        judged = False
        for system in view.external_systems():
            if not is_outside(system) or system in (multiples or ()):
                continue
            judged = True
            groups: dict[tuple[str, str], list[JsonObject]] = {}
            for item in view.external(system):
                owner = item.get("owner")
                if isinstance(owner, str) and view.by_uid(owner) is not None:
                    groups.setdefault((owner, _role(item, known=multiples is not None)), []).append(item)
            for (owner, _), items in groups.items():
                if len(items) > 1:
                    return _violated(view, system, owner, items)
        return HOLDS if judged else ABSENT


def _role(item: JsonObject, *, known: bool) -> str:
    if known or "role" in item:
        return str(item.get("role"))
    return json.dumps({key: value for key, value in item.items() if key != "id"}, sort_keys=True)


def _violated(view: View, system: str, owner_uid: str, items: list[JsonObject]) -> Judgement:
    owner = view.by_uid(owner_uid)
    refs = [ObjectRef.to(owner)] if owner is not None else []
    names = first([str(item["id"]) for item in items])
    reason = f"at rest, {refs[0] if refs else owner_uid} has {len(items)} items of one role in {system}: {names}"
    return Judgement.violated(reason, refs, key=f"{refs[0].kind if refs else ''} {system}")
