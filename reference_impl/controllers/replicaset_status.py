"""The status of a ReplicaSet, computed from the pods that its controller counts. Pure functions.

Zero counts are left out, as Go's `omitempty` does. The failure condition changes its transition time only when it
appears; a controller that stamps it on every pass would wake itself for ever.

Source: `pkg/controller/replicaset/replica_set_utils.go` (calculateStatus).
"""

from collections.abc import Iterable
from datetime import datetime

from reference_impl.controllers.meta_time import timestamp
from reference_impl.controllers.ownership import labels_of
from reference_impl.controllers.pods import available_in_s, is_ready
from reference_impl.errors import ApiError
from reference_impl.protocol import JsonObject

REPLICA_FAILURE = "ReplicaFailure"


def status_of(
    replica_set: JsonObject,
    owned: list[JsonObject],
    now: datetime,
    failure: ApiError | None,
    *,
    keep_failure: bool = False,
) -> JsonObject:
    """The status that the ReplicaSet ought to have. `keep_failure`: nothing was tried, so the condition stays."""
    spec, old = replica_set["spec"], replica_set.get("status") or {}
    template_labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    min_ready_s = float(spec.get("minReadySeconds") or 0)
    status: JsonObject = {"replicas": len(owned)}
    counts = {
        "fullyLabeledReplicas": sum(template_labels.items() <= labels_of(pod).items() for pod in owned),
        "readyReplicas": sum(is_ready(pod) for pod in owned),
        "availableReplicas": sum(available_in_s(pod, min_ready_s, now) == 0.0 for pod in owned),
        "observedGeneration": int(replica_set["metadata"].get("generation") or 0),
    }
    status.update({name: count for name, count in counts.items() if count})
    conditions = list(old.get("conditions") or ())
    if not keep_failure:
        conditions = _with_failure(conditions, len(owned), spec, failure, now)
    if conditions:
        status["conditions"] = conditions
    return status


def _with_failure(
    conditions: list[JsonObject], count: int, spec: JsonObject, failure: ApiError | None, now: datetime
) -> list[JsonObject]:
    others = [condition for condition in conditions if condition.get("type") != REPLICA_FAILURE]
    if failure is None:
        return others
    if len(others) < len(conditions):
        return conditions
    reason = "FailedCreate" if count < int(spec.get("replicas") or 0) else "FailedDelete"
    condition = {
        "type": REPLICA_FAILURE,
        "status": "True",
        "reason": reason,
        "message": failure.message,
        "lastTransitionTime": timestamp(now),
    }
    return [*others, condition]


def next_available_in_s(replica_set: JsonObject, owned: Iterable[JsonObject], now: datetime) -> float | None:
    """Virtual seconds until the next ready pod becomes available with nobody telling us; None if there is none."""
    min_ready_s = float(replica_set["spec"].get("minReadySeconds") or 0)
    if not min_ready_s:
        return None
    waits = (available_in_s(pod, min_ready_s, now) for pod in owned)
    return min((wait for wait in waits if wait), default=None)
