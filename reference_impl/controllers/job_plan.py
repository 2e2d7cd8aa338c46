"""What a Job does next: a pure function from a Job and its pods to pods to create, pods to delete, and a verdict.

Source: `syncJob` and `manageJob`, `pkg/controller/job/job_controller.go`. Terminal conditions are delayed as of 1.31:
first FailureTarget or SuccessCriteriaMet; Failed or Complete only when no pod is active, terminating or uncounted.

Unlike there, the back-off after failed pods is computed from the pods that still exist, not from a memory of earlier
syncs: it survives a restart, and forgets pods that were deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reference_impl.controllers.job_accounting import (
    Count,
    completions_of,
    count,
    counts_as_failed,
    is_indexed,
    is_tracked,
)
from reference_impl.controllers.job_indexes import index_of
from reference_impl.controllers.meta_time import parse_timestamp, seconds_since
from reference_impl.controllers.pod_status import (
    condition_of,
    has_true_condition,
    is_active,
    is_ready,
    is_terminating,
    phase_of,
)
from reference_impl.objects import is_deleting, uid_of
from reference_impl.protocol import JsonObject

POD_BACK_OFF_S: Final = 10.0
"""`DefaultJobPodFailureBackOff`; doubles with each failure since the last success."""
MAX_POD_BACK_OFF_S: Final = 600.0
"""`MaxJobPodFailureBackOff`."""
MAX_CREATIONS: Final = 500
"""`MaxPodCreateDeletePerSync`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The Job is decided: the interim condition (FailureTarget, SuccessCriteriaMet) with its reason."""

    condition: str
    reason: str = ""
    message: str = ""

    @property
    def is_failure(self) -> bool:
        return self.condition == "FailureTarget"

    @property
    def final_condition(self) -> str:
        return "Failed" if self.is_failure else "Complete"


@dataclass(slots=True)
class JobPlan:
    """One sync of a Job."""

    count: Count
    active: list[JsonObject]
    verdict: Verdict | None = None
    delete: list[JsonObject] = field(default_factory=list)
    spare: bool = False
    """The pods to delete are merely surplus: their finalizer goes first, so that they do not count as failures."""
    create: list[int | None] = field(default_factory=list)
    """A completion index for each pod to create; None in a NonIndexed Job."""
    recheck_s: float | None = None

    def wait(self, seconds: float) -> None:
        self.recheck_s = seconds if self.recheck_s is None else min(self.recheck_s, seconds)


def is_finished(job: JsonObject) -> bool:
    return has_true_condition(job, "Complete") or has_true_condition(job, "Failed")


def is_suspended(job: JsonObject) -> bool:
    return bool(job["spec"].get("suspend"))


def parallelism_of(job: JsonObject) -> int:
    parallelism = job["spec"].get("parallelism")
    return 1 if parallelism is None else int(parallelism)


def make_plan(job: JsonObject, pods: Sequence[JsonObject], now: datetime) -> JobPlan:
    """Decide. `pods` are all that the Job controls; `now` is the controller's own wall clock."""
    plan = JobPlan(count(job, pods), [pod for pod in pods if is_active(pod)])
    plan.verdict = _verdict(job, pods, plan, now)
    if plan.verdict is not None:
        if plan.verdict.is_failure:
            plan.count = count(job, pods, give_up=True)
        plan.delete = plan.active
        return plan
    if not is_deleting(job):
        _manage(job, pods, plan, now)
    if _has_succeeded(job, plan):
        plan.verdict = Verdict("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
    return plan


def _verdict(job: JsonObject, pods: Sequence[JsonObject], plan: JobPlan, now: datetime) -> Verdict | None:
    """A verdict that is in the status already stands; else the Job may have failed just now."""
    for condition_type in ("FailureTarget", "SuccessCriteriaMet"):
        condition = condition_of(job, condition_type)
        if condition is not None and condition.get("status") == "True":
            return Verdict(condition_type, condition.get("reason") or "", condition.get("message") or "")
    limit = job["spec"].get("backoffLimit", 6)
    if plan.count.failed > limit or _restarts_exceed(job, pods, limit):
        return Verdict("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    deadline_s = job["spec"].get("activeDeadlineSeconds")
    started = (job.get("status") or {}).get("startTime")
    if deadline_s is None or is_suspended(job) or not started:
        return None
    remaining_s = deadline_s - (seconds_since(started, now) or 0.0)
    if remaining_s <= 0:
        return Verdict("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")
    plan.wait(remaining_s)
    return None


def _restarts_exceed(job: JsonObject, pods: Sequence[JsonObject], limit: int) -> bool:
    """`pastBackoffLimitOnFailure`: with restartPolicy OnFailure the kubelet's restarts count."""
    if job["spec"]["template"].get("spec", {}).get("restartPolicy") != "OnFailure":
        return False
    restarts = sum(
        container.get("restartCount") or 0
        for pod in pods
        if phase_of(pod) in ("Running", "Pending")
        for field_name in ("initContainerStatuses", "containerStatuses")
        for container in (pod.get("status") or {}).get(field_name) or ()
    )
    return restarts > 0 if limit == 0 else restarts >= limit


def _has_succeeded(job: JsonObject, plan: JobPlan) -> bool:
    if plan.active or plan.create:
        return False
    completions = completions_of(job)
    return plan.count.succeeded > 0 if completions is None else plan.count.succeeded >= completions


def _manage(job: JsonObject, pods: Sequence[JsonObject], plan: JobPlan, now: datetime) -> None:
    """Choose which pods to delete or how many to create, never both in one sync."""
    active = len(plan.active)
    wanted = 0 if is_suspended(job) else _wanted(job, plan)
    surplus = _for_removal(job, plan, max(0, active - wanted))
    if surplus:
        plan.delete, plan.spare = surplus[:MAX_CREATIONS], True
        return
    held = 0
    if job["spec"].get("podReplacementPolicy") == "Failed":
        held = sum(is_terminating(pod) for pod in pods)
    missing = min(wanted - held - active, MAX_CREATIONS)
    if missing <= 0:
        return
    wait_s = back_off_s(job, pods, now)
    if wait_s > 0:
        plan.wait(wait_s)
    elif is_indexed(job):
        plan.create = list(_pending_indexes(job, plan)[:missing])
    else:
        plan.create = [None] * missing


def _wanted(job: JsonObject, plan: JobPlan) -> int:
    """How many pods should be active."""
    completions, parallelism = completions_of(job), parallelism_of(job)
    if completions is None:
        # A work queue: after the first success nobody new is started, and whoever runs may finish.
        return len(plan.active) if plan.count.succeeded else parallelism
    return max(0, min(parallelism, completions - plan.count.succeeded))


def _for_removal(job: JsonObject, plan: JobPlan, at_least: int) -> list[JsonObject]:
    """Whom to delete: of an Indexed Job first those whose index is done, taken or none; then the least advanced."""
    removal: list[JsonObject] = []
    rest = sorted(plan.active, key=_advancement)
    if is_indexed(job):
        completions = completions_of(job) or 0
        seen: dict[int, None] = dict.fromkeys(plan.count.ledger.indexes)
        unique: list[JsonObject] = []
        for pod in reversed(rest):
            index = index_of(pod, completions)
            if index is None or index in seen:
                removal.append(pod)
            else:
                seen[index] = None
                unique.append(pod)
        # Higher indexes go first (`appendDuplicatedIndexPodsForRemoval`).
        rest = sorted(unique, key=lambda pod: index_of(pod, completions) or 0, reverse=True)
    return removal + rest[: max(0, at_least - len(removal))]


def _advancement(pod: JsonObject) -> tuple[bool, bool, bool, float, str]:
    """Sorts pods from the least to the most advanced (`ActivePods`); of equals the newest comes first."""
    created = pod["metadata"].get("creationTimestamp")
    age = parse_timestamp(created).timestamp() if created else 0.0
    return (
        bool((pod.get("spec") or {}).get("nodeName")),
        phase_of(pod) == "Running",
        is_ready(pod),
        -age,
        uid_of(pod),
    )


def _pending_indexes(job: JsonObject, plan: JobPlan) -> list[int]:
    """The lowest indexes that are neither completed nor active."""
    completions = completions_of(job) or 0
    taken = dict.fromkeys(plan.count.ledger.indexes)
    taken.update(dict.fromkeys(index for pod in plan.active if (index := index_of(pod, completions)) is not None))
    return [index for index in range(completions) if index not in taken]


def back_off_s(job: JsonObject, pods: Sequence[JsonObject], now: datetime) -> float:
    """Virtual seconds until a failed pod may be replaced: 10, 20, 40, ... after the last failure, at most 600.

    The pods' times come from other clocks; a failure in the future delays by no more than the back-off itself.
    """
    last_success = max((_ended_at(pod) for pod in pods if phase_of(pod) == "Succeeded"), default="")
    failed = [pod for pod in pods if phase_of(pod) == "Failed" or (is_tracked(pod) and counts_as_failed(job, pod))]
    failures = [_ended_at(pod) for pod in failed if _ended_at(pod) >= last_success]
    if not failures:
        return 0.0
    delay_s = min(MAX_POD_BACK_OFF_S, POD_BACK_OFF_S * 2.0 ** (min(len(failures), 10) - 1))
    since_s = seconds_since(max(failures), now) or 0.0
    return max(0.0, min(delay_s, delay_s - since_s))


def _ended_at(pod: JsonObject) -> str:
    """When the pod ended (`getFinishedTime`). Timestamps of one format sort as text."""
    ends = [
        container["state"]["terminated"].get("finishedAt") or ""
        for container in (pod.get("status") or {}).get("containerStatuses") or ()
        if (container.get("state") or {}).get("terminated")
    ]
    if any(ends):
        return max(ends)
    ready = condition_of(pod, "Ready") or {}
    metadata = pod["metadata"]
    return str(
        ready.get("lastTransitionTime") or metadata.get("deletionTimestamp") or metadata.get("creationTimestamp") or ""
    )
