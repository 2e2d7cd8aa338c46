"""How a Job counts each of its pods exactly once, whatever happens in between.

A pod of a Job carries a finalizer, so that it cannot vanish uncounted. When it ends, four writes follow, each safe to
repeat after a crash:

    1. its uid goes into `status.uncountedTerminatedPods`
    2. its finalizer is removed
    3. its uid leaves the list and the counter goes up, in one write
    4. only when the list is empty may the Job be declared finished

A uid moves to the counter only when its pod is known to have no finalizer any more. That must be known live: against a
pod cache older than the Job, "not in the cache" would look like "finalizer removed" and the pod be counted twice.

Source: KEP-2307, `trackJobStatusAndRemoveFinalizers`. Not modelled: podFailurePolicy, backoffLimitPerIndex,
successPolicy. The succeeded indexes of an Indexed Job need no list: an index is counted once by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from reference_impl.controllers.job_indexes import format_indexes, index_of, parse_indexes
from reference_impl.controllers.pod_status import is_terminal, phase_of
from reference_impl.objects import is_deleting, uid_of
from reference_impl.protocol import JsonObject

TRACKING_FINALIZER: Final = "batch.kubernetes.io/job-tracking"
MAX_UNCOUNTED: Final = 500
"""`MaxUncountedPods`: keeps the status below 20 KB of uids."""


def is_tracked(pod: JsonObject) -> bool:
    return TRACKING_FINALIZER in (pod["metadata"].get("finalizers") or ())


def is_indexed(job: JsonObject) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def completions_of(job: JsonObject) -> int | None:
    completions = job["spec"].get("completions")
    return None if completions is None else int(completions)


def counts_as_failed(job: JsonObject, pod: JsonObject) -> bool:
    """Failed, or being deleted before it succeeded, unless only pods that really failed are replaced."""
    if phase_of(pod) == "Failed":
        return True
    if job["spec"].get("podReplacementPolicy") == "Failed":
        return False
    return is_deleting(pod) and phase_of(pod) != "Succeeded"


@dataclass(slots=True)
class Ledger:
    """The counting part of a Job's status, as mutable numbers and lists."""

    succeeded: int
    failed: int
    uncounted_succeeded: list[str]
    uncounted_failed: list[str]
    indexes: list[int] = field(default_factory=list)
    """Completed indexes; only of an Indexed Job."""

    @property
    def is_settled(self) -> bool:
        return not self.uncounted_succeeded and not self.uncounted_failed

    @property
    def uncounted_count(self) -> int:
        return len(self.uncounted_succeeded) + len(self.uncounted_failed)

    def settle(self, tracked: Sequence[str]) -> None:
        """Move to the counters every listed uid that is not in `tracked`: its finalizer is gone (step 3)."""
        still = dict.fromkeys(tracked)
        keep = [uid for uid in self.uncounted_succeeded if uid in still]
        self.succeeded += len(self.uncounted_succeeded) - len(keep)
        self.uncounted_succeeded = keep
        keep = [uid for uid in self.uncounted_failed if uid in still]
        self.failed += len(self.uncounted_failed) - len(keep)
        self.uncounted_failed = keep

    def write_to(self, job: JsonObject, status: JsonObject) -> None:
        """Put these numbers into a status."""
        uncounted: JsonObject = {}
        if self.uncounted_succeeded:
            uncounted["succeeded"] = list(self.uncounted_succeeded)
        if self.uncounted_failed:
            uncounted["failed"] = list(self.uncounted_failed)
        status["uncountedTerminatedPods"] = uncounted
        if is_indexed(job):
            status["completedIndexes"] = format_indexes(self.indexes)
        for key, count in (("succeeded", self.succeeded), ("failed", self.failed)):
            if count or key in status:
                status[key] = count


def ledger_of(job: JsonObject) -> Ledger:
    """The ledger that the Job's status holds."""
    status = job.get("status") or {}
    uncounted = status.get("uncountedTerminatedPods") or {}
    indexes = parse_indexes(status.get("completedIndexes") or "", completions_of(job) or 0) if is_indexed(job) else []
    return Ledger(
        succeeded=status.get("succeeded") or 0,
        failed=status.get("failed") or 0,
        uncounted_succeeded=list(uncounted.get("succeeded") or ()),
        uncounted_failed=list(uncounted.get("failed") or ()),
        indexes=indexes,
    )


@dataclass(slots=True)
class Count:
    """What the pods add to the ledger: totals as they will be, and whose finalizer may go."""

    ledger: Ledger
    succeeded: int = 0
    """Counted, uncounted and new."""
    failed: int = 0
    finished: list[JsonObject] = field(default_factory=list)
    """Tracked pods that are entered and whose finalizer may be removed."""


def count(job: JsonObject, pods: Sequence[JsonObject], *, give_up: bool = False) -> Count:
    """Enter ended pods into the ledger (step 1), after settling what earlier rounds left (step 3).

    Args:
        pods: all that the Job controls.
        give_up: the Job has failed: pods that still run count as failed.
    """
    tracked = [pod for pod in pods if is_tracked(pod)]
    ledger = ledger_of(job)
    ledger.settle([uid_of(pod) for pod in tracked])
    outcome = Count(ledger)
    for pod in sorted(tracked, key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", uid_of(pod))):
        if ledger.uncounted_count >= MAX_UNCOUNTED:
            break
        if _enter(job, pod, ledger, give_up=give_up):
            outcome.finished.append(pod)
    if is_indexed(job):
        ledger.succeeded = outcome.succeeded = len(ledger.indexes)
    else:
        outcome.succeeded = ledger.succeeded + len(ledger.uncounted_succeeded)
    outcome.failed = ledger.failed + len(ledger.uncounted_failed)
    return outcome


def _enter(job: JsonObject, pod: JsonObject, ledger: Ledger, *, give_up: bool) -> bool:
    """Enter one tracked pod; True if its finalizer may be removed once the entry is stored."""
    uid, failed = uid_of(pod), counts_as_failed(job, pod)
    if not (failed or give_up or is_deleting(job) or is_terminal(pod)):
        return False
    index = index_of(pod, completions_of(job) or 0) if is_indexed(job) else None
    if phase_of(pod) == "Succeeded" and uid not in ledger.uncounted_failed:
        if is_indexed(job):
            if index is not None and index not in ledger.indexes:
                ledger.indexes = sorted([*ledger.indexes, index])
        elif uid not in ledger.uncounted_succeeded:
            ledger.uncounted_succeeded.append(uid)
    elif (failed or give_up) and uid not in ledger.uncounted_failed and (index is not None or not is_indexed(job)):
        ledger.uncounted_failed.append(uid)
    return True
