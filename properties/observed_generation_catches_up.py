"""At rest, who reports `status.observedGeneration` has seen the newest generation.

Judged for kinds whose `observedGeneration` a component wrote in this run: what a user wrote, nobody keeps up to date.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.subject import ABSENT, is_full_rest, is_program
from properties.wording import first
from reference_impl.objects import is_deleting
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedGenerationCatchesUp:
    name: str = "observed_generation_catches_up"
    source: str = (
        "https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/"
        "api-conventions.md#typical-status-properties; m3db-operator#271"
    )
    voided_by: tuple[str, ...] = ("a status written by a user",)
    when: str = "at_rest"
    server_side: bool = True

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view):
            return ABSENT
        reporting = [obj for obj in view.objects() if _observed(obj) is not None and not is_deleting(obj)]
        behind = [obj for obj in reporting if _observed(obj) != obj["metadata"].get("generation")]
        if not behind:
            return HOLDS
        kinds = _kinds_kept_up_to_date(view)
        behind = [obj for obj in behind if (obj["apiVersion"], obj["kind"]) in kinds]
        if not behind:
            return ABSENT
        refs = [ObjectRef.to(obj) for obj in behind]
        lines = [
            f"{ref} is at generation {obj['metadata'].get('generation')}, its status at {_observed(obj)}"
            for ref, obj in zip(refs, behind, strict=True)
        ]
        return Judgement.violated(f"at rest, status lags behind spec: {first(lines)}", refs, key=refs[0].kind)


def _observed(obj: JsonObject | None) -> int | None:
    status = obj.get("status") if obj is not None else None
    return status.get("observedGeneration") if isinstance(status, dict) else None


def _kinds_kept_up_to_date(view: View) -> dict[tuple[str, str], None]:
    return {
        (change.ref.api_version, change.ref.kind): None
        for change in view.changes()
        if change.after is not None
        and _observed(change.after) is not None
        and _observed(change.after) != _observed(change.before)
        and is_program(view, change.component)
    }
