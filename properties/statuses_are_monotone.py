"""A Job never loses a success: `status.succeeded` does not fall for one uid.

Counting live pods instead of remembering finished ones makes it fall as soon as somebody deletes a pod. Excused: an
Indexed Job whose `completions` were changed (elastic Jobs forget the indexes that are no longer asked for).
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, View
from properties.subject import ABSENT, USER, has_kind
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusesAreMonotone:
    name: str = "statuses_are_monotone"
    source: str = (
        "https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-tracking-with-finalizers; "
        "kubernetes#81227, kubernetes#28486"
    )
    voided_by: tuple[str, ...] = ("an Indexed Job whose completions were changed", "a status written by a user")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update"})

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, "Job")

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.ref.kind != "Job" or change.after is None:
            return ABSENT
        if change.before is None or uid_of(change.before) != uid_of(change.after):
            return HOLDS
        before, after = _succeeded(change.before), _succeeded(change.after)
        if after >= before or change.component == USER or _is_elastic(view, change.after):
            return HOLDS
        reason = f"{change.component} took status.succeeded of {change.ref} from {before} back to {after}"
        return Judgement.violated(reason, [change.ref], key=f"Job {change.component}")


def _succeeded(job: JsonObject) -> int:
    return int((job.get("status") or {}).get("succeeded") or 0)


def _is_elastic(view: View, job: JsonObject) -> bool:
    spec = job.get("spec") or {}
    return spec.get("completionMode") == "Indexed" and int(job["metadata"].get("generation") or 1) > 1
