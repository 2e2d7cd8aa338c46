"""What controllers ask of a Pod: is it active, ready, available; which one goes first; how one is made.

Pure functions over Pod objects. `deletion_order` is the ReplicaSet's choice of whom to delete. Two departures from the
source: ages are compared exactly instead of in logarithmic buckets (`LogarithmicScaleDown` only spreads choices over
pods of about the same age), and the count of related pods on one node is not looked at unless it is given.
Source: `pkg/controller/controller_utils.go` (IsPodActive, ActivePodsWithRanks), `pkg/api/v1/pod/util.go`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from reference_impl.controllers.meta_time import seconds_since
from reference_impl.objects import copy_json, is_deleting, owner_reference, uid_of
from reference_impl.protocol import JsonObject

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}


def phase_of(pod: JsonObject) -> str:
    return str((pod.get("status") or {}).get("phase") or "Pending")


def is_terminal(pod: JsonObject) -> bool:
    """Its containers have ended for good: Succeeded or Failed."""
    return phase_of(pod) in ("Succeeded", "Failed")


def is_active(pod: JsonObject) -> bool:
    """Counts as a replica: neither ended nor being deleted (`IsPodActive`)."""
    return not is_terminal(pod) and not is_deleting(pod)


def condition_of(obj: JsonObject, kind: str) -> JsonObject | None:
    """The status condition of that type, or None. Shared: never change it."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("type") == kind:
            return dict(condition)
    return None


def is_ready(pod: JsonObject) -> bool:
    condition = condition_of(pod, "Ready")
    return condition is not None and condition.get("status") == "True"


def available_in_s(pod: JsonObject, min_ready_s: float, now: datetime) -> float | None:
    """Virtual seconds until a ready pod has been ready for `min_ready_s`: 0 is available, None is not ready."""
    condition = condition_of(pod, "Ready")
    if condition is None or condition.get("status") != "True":
        return None
    if not min_ready_s:
        return 0.0
    age_s = seconds_since(condition.get("lastTransitionTime"), now)
    return min_ready_s if age_s is None else max(0.0, min_ready_s - age_s)


def deletion_order(pods: Iterable[JsonObject], related_on_node: Mapping[str, int] | None = None) -> list[JsonObject]:
    """The pods, first to delete first: unassigned, pending, not ready, cheapest, most crowded, newest.

    `related_on_node` counts, per node name, the active pods of this and related owners (other ReplicaSets of the same
    Deployment): of two ready pods the one with more neighbours goes first. Ties fall to the uid, so that the order is
    the same whatever order the cache lists in.
    """
    crowded = related_on_node or {}
    # Newest first, then least restarts last: three stable sorts, because text cannot be negated in one key.
    by_uid = sorted(pods, key=uid_of)
    by_age = sorted(by_uid, key=lambda pod: str(pod["metadata"].get("creationTimestamp") or ""), reverse=True)
    by_ready = sorted(by_age, key=_ready_since, reverse=True)
    return sorted(by_ready, key=lambda pod: _deletion_key(pod, crowded))


def _deletion_key(pod: JsonObject, crowded: Mapping[str, int]) -> tuple[Any, ...]:
    node = (pod.get("spec") or {}).get("nodeName") or ""
    return (
        bool(node),
        _PHASE_RANK.get(phase_of(pod), 2),
        is_ready(pod),
        _deletion_cost(pod),
        -crowded.get(node, 0),
    )


def _ready_since(pod: JsonObject) -> str:
    condition = condition_of(pod, "Ready")
    if condition is None or condition.get("status") != "True":
        return ""
    return str(condition.get("lastTransitionTime") or "")


def _deletion_cost(pod: JsonObject) -> int:
    text = (pod["metadata"].get("annotations") or {}).get(DELETION_COST)
    try:
        return int(text) if text else 0
    except ValueError:
        return 0


def pod_from_template(template: JsonObject, owner: JsonObject, *, name: str | None = None) -> JsonObject:
    """A Pod object to create for `owner` (`GetPodFromTemplate`): generateName unless a name is given."""
    pod: JsonObject = copy_json(template)
    given = pod.get("metadata") or {}
    metadata: JsonObject = {
        key: given[key] for key in ("labels", "annotations", "finalizers") if given.get(key) is not None
    }
    metadata["namespace"] = owner["metadata"]["namespace"]
    metadata["ownerReferences"] = [owner_reference(owner)]
    if name is None:
        metadata["generateName"] = owner["metadata"]["name"] + "-"
    else:
        metadata["name"] = name
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod.get("spec") or {}}
