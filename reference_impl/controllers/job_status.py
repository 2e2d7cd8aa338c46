"""A Job's status: counters, conditions and times. Pure functions; timestamps move only when what they date changes.

Source: `syncJob`, `ensureJobConditionStatus`, `enactJobFinished`; the API server's Job status validation (1.32 and on):
Complete needs SuccessCriteriaMet, Failed needs FailureTarget, a completion time comes with Complete only and is not
before the start time.
"""

from collections.abc import Sequence
from datetime import datetime

from reference_impl.controllers.job_plan import JobPlan, Verdict, is_suspended
from reference_impl.controllers.meta_time import timestamp
from reference_impl.controllers.pod_status import condition_of, is_ready, is_terminating
from reference_impl.objects import copy_json, is_deleting
from reference_impl.protocol import JsonObject


def next_status(
    job: JsonObject,
    plan: JobPlan,
    pods: Sequence[JsonObject],
    now: datetime,
    *,
    created: int = 0,
    deleted: Sequence[JsonObject] = (),
) -> JsonObject:
    """The status after this sync's creations and deletions, before any finalizer is removed."""
    status: JsonObject = copy_json(job.get("status") or {})
    active = len(plan.active) + created - len(deleted)
    status["ready"] = sum(is_ready(pod) for pod in plan.active) - sum(is_ready(pod) for pod in deleted)
    status["terminating"] = sum(is_terminating(pod) for pod in pods) + len(deleted)
    # `json:"active,omitempty"`: there is no zero; ready and terminating are pointers and can be.
    if active:
        status["active"] = active
    else:
        status.pop("active", None)
    if not status.get("startTime") and not is_suspended(job):
        status["startTime"] = timestamp(now)
    plan.count.ledger.write_to(job, status)
    if plan.verdict is not None:
        if condition_of({"status": status}, plan.verdict.condition) is None:
            _append(status, plan.verdict.condition, plan.verdict, now)
    elif not is_deleting(job):
        _note_suspension(job, status, now)
    return status


def finish(status: JsonObject, verdict: Verdict, now: datetime) -> None:
    """Declare the Job over, in place."""
    _append(status, verdict.final_condition, verdict, now)
    if not verdict.is_failure:
        # Two syncs may have been timed by different clocks; ending before starting would be refused.
        status["completionTime"] = max(timestamp(now), status.get("startTime") or "")


def _note_suspension(job: JsonObject, status: JsonObject, now: datetime) -> None:
    suspended = is_suspended(job)
    reason, message = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
    wanted = "True" if suspended else "False"
    condition = condition_of({"status": status}, "Suspended")
    if condition is None:
        if suspended:
            status.setdefault("conditions", []).append(_condition("Suspended", wanted, reason, message, now))
        return
    if condition["status"] == wanted:
        return
    condition.update(_condition("Suspended", wanted, reason, message, now))
    if not suspended:
        # So that activeDeadlineSeconds counts only while the Job may run.
        status["startTime"] = timestamp(now)


def _append(status: JsonObject, condition_type: str, verdict: Verdict, now: datetime) -> None:
    status.setdefault("conditions", []).append(_condition(condition_type, "True", verdict.reason, verdict.message, now))


def _condition(condition_type: str, value: str, reason: str, message: str, now: datetime) -> JsonObject:
    moment = timestamp(now)
    condition = {"type": condition_type, "status": value, "lastProbeTime": moment, "lastTransitionTime": moment}
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    return condition
