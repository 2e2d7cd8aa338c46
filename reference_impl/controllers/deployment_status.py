"""The status of a Deployment: counts, and what it says of availability and progress. Pure functions.

A condition's `lastTransitionTime` changes with its status only; `lastUpdateTime` of Progressing with progress only.
Neither is ever stamped on a pass in which nothing changed.

Source: `pkg/controller/deployment/{progress,sync}.go` (calculateStatus, syncRolloutStatus), `util` (DeploymentComplete,
DeploymentProgressing, DeploymentTimedOut).
"""

from datetime import datetime

from reference_impl.controllers.meta_time import seconds_since, timestamp
from reference_impl.controllers.pods import condition_of
from reference_impl.controllers.rollout import counted, fenceposts, replicas_of
from reference_impl.protocol import JsonObject

NEW_IS_AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "DeploymentPaused"
RESUMED = "DeploymentResumed"
NO_DEADLINE = 2**31 - 1


def status_of(
    deployment: JsonObject, replica_sets: list[JsonObject], new: JsonObject | None, now: datetime
) -> JsonObject:
    """Counts and the Available condition; Progressing is added by `with_progress`."""
    old = deployment.get("status") or {}
    available = counted(replica_sets, "availableReplicas")
    wanted = sum(replicas_of(item) for item in replica_sets)
    counts = {
        "observedGeneration": int(deployment["metadata"].get("generation") or 0),
        "replicas": counted(replica_sets, "replicas"),
        "updatedReplicas": counted([new], "replicas") if new else 0,
        "readyReplicas": counted(replica_sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted - available),
    }
    status: JsonObject = {name: count for name, count in counts.items() if count}
    if old.get("collisionCount") is not None:
        status["collisionCount"] = old["collisionCount"]
    conditions = list(old.get("conditions") or ())
    _surge, unavailable = fenceposts(deployment)
    if available >= replicas_of(deployment) - unavailable:
        words = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        words = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    status["conditions"] = with_condition(conditions, "Available", *words, now=now)
    return status


def with_condition(
    conditions: list[JsonObject], kind: str, status: str, reason: str, message: str, *, now: datetime
) -> list[JsonObject]:
    """The conditions with this one in it, unless it says the same already (`SetDeploymentCondition`)."""
    old = next((item for item in conditions if item["type"] == kind), None)
    if old is not None and old["status"] == status and old.get("reason") == reason:
        return conditions
    return _renewed(conditions, old, kind, status, reason, message, now)


def _renewed(
    conditions: list[JsonObject],
    old: JsonObject | None,
    kind: str,
    status: str,
    reason: str,
    message: str,
    now: datetime,
) -> list[JsonObject]:
    stamp = timestamp(now)
    transition = old["lastTransitionTime"] if old is not None and old["status"] == status else stamp
    condition = {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": stamp,
        "lastTransitionTime": transition,
    }
    return [*(item for item in conditions if item["type"] != kind), condition]


def is_complete(deployment: JsonObject, status: JsonObject) -> bool:
    """`DeploymentComplete`: all replicas are of the newest template and available, and nothing older is left."""
    wanted = replicas_of(deployment)
    return bool(
        status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("observedGeneration", 0) >= int(deployment["metadata"].get("generation") or 0)
    )


def is_progressing(deployment: JsonObject, status: JsonObject) -> bool:
    """`DeploymentProgressing`: newer, fewer older, more ready or more available than the last status said."""
    old = deployment.get("status") or {}

    def older(of: JsonObject) -> int:
        return int(of.get("replicas", 0)) - int(of.get("updatedReplicas", 0))

    return bool(
        status.get("updatedReplicas", 0) > old.get("updatedReplicas", 0)
        or older(status) < older(old)
        or status.get("readyReplicas", 0) > old.get("readyReplicas", 0)
        or status.get("availableReplicas", 0) > old.get("availableReplicas", 0)
    )


def deadline_s(deployment: JsonObject) -> float | None:
    """`progressDeadlineSeconds`; None if there is none."""
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds == NO_DEADLINE else float(seconds)


def with_progress(
    deployment: JsonObject, status: JsonObject, new: JsonObject | None, now: datetime
) -> tuple[JsonObject, float | None]:
    """The status with its Progressing condition, and virtual seconds until the deadline is to be checked again."""
    limit_s = deadline_s(deployment)
    conditions = status["conditions"]
    if limit_s is None:
        return {**status, "conditions": [item for item in conditions if item["type"] != "Progressing"]}, None
    current = condition_of(deployment, "Progressing")
    settled = current is not None and current.get("reason") == NEW_IS_AVAILABLE
    if settled and status.get("replicas", 0) == status.get("updatedReplicas", 0):
        return status, None  # a finished rollout stays finished, whatever its pods do later
    of = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        words = ("True", NEW_IS_AVAILABLE, f"{of} has successfully progressed.")
        return {**status, "conditions": with_condition(conditions, "Progressing", *words, now=now)}, None
    if is_progressing(deployment, status):
        words = ("True", "ReplicaSetUpdated", f"{of} is progressing.")
        renewed = _renewed(conditions, current, "Progressing", *words, now)
        return {**status, "conditions": renewed}, limit_s
    left_s = _left_s(current, limit_s, now)
    if left_s is not None and left_s <= 0:
        words = ("False", TIMED_OUT, f"{of} has timed out progressing.")
        return {**status, "conditions": with_condition(conditions, "Progressing", *words, now=now)}, None
    return status, left_s


def _left_s(current: JsonObject | None, limit_s: float, now: datetime) -> float | None:
    """Virtual seconds until a rollout that stands still has failed; None: nothing to wait for."""
    if current is None or current.get("reason") in (NEW_IS_AVAILABLE, TIMED_OUT):
        return None
    age_s = seconds_since(current.get("lastUpdateTime"), now)
    return None if age_s is None else limit_s - age_s


def with_replica_failure(
    status: JsonObject, new: JsonObject | None, old: list[JsonObject], now: datetime
) -> JsonObject:
    """The ReplicaFailure condition of its ReplicaSets, the new one's first, taken over or taken back."""
    conditions = [item for item in status["conditions"] if item["type"] != "ReplicaFailure"]
    for replica_set in [*([new] if new else []), *old]:
        failure = condition_of(replica_set, "ReplicaFailure")
        if failure is not None and failure.get("status") == "True":
            words = ("ReplicaFailure", "True", failure.get("reason", ""), failure.get("message", ""))
            return {**status, "conditions": with_condition(status["conditions"], *words, now=now)}
    return {**status, "conditions": conditions}
