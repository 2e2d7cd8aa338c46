"""What a Pod's status says, in the words controllers use: ready, available, active, terminal.

Source: `pkg/api/v1/pod` and `controller.FilterActivePods`. Pure functions over one Pod.
"""

from datetime import datetime

from reference_impl.controllers.meta_time import seconds_since
from reference_impl.objects import is_deleting
from reference_impl.protocol import JsonObject


def phase_of(pod: JsonObject) -> str:
    """Pending, Running, Succeeded, Failed, Unknown; "" for a pod that no server has seen."""
    return str((pod.get("status") or {}).get("phase") or "")


def condition_of(obj: JsonObject, condition_type: str) -> JsonObject | None:
    """The condition of that type in `status.conditions`, or None."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("type") == condition_type:
            found: JsonObject = condition
            return found
    return None


def has_true_condition(obj: JsonObject, condition_type: str) -> bool:
    condition = condition_of(obj, condition_type)
    return condition is not None and condition.get("status") == "True"


def is_ready(pod: JsonObject) -> bool:
    """Its Ready condition is true. A pod that is being deleted can still be ready."""
    return has_true_condition(pod, "Ready")


def is_running_and_ready(pod: JsonObject) -> bool:
    return phase_of(pod) == "Running" and is_ready(pod)


def is_terminal(pod: JsonObject) -> bool:
    """Its containers have ended for good."""
    return phase_of(pod) in ("Succeeded", "Failed")


def is_active(pod: JsonObject) -> bool:
    """Neither ended nor being deleted (`controller.IsPodActive`)."""
    return not is_terminal(pod) and not is_deleting(pod)


def is_terminating(pod: JsonObject) -> bool:
    """Being deleted, but its containers may still run (`controller.IsPodTerminating`)."""
    return is_deleting(pod) and not is_terminal(pod)


def available_in_s(pod: JsonObject, min_ready_s: float, now: datetime) -> float | None:
    """Virtual seconds until the pod has been ready for `min_ready_s`: 0 if it has, None if it is not running and ready.

    The transition time comes from the kubelet's clock and `now` from the caller's; they may disagree.
    """
    if not is_running_and_ready(pod):
        return None
    ready = condition_of(pod, "Ready") or {}
    if min_ready_s <= 0:
        return 0.0
    age_s = seconds_since(ready.get("lastTransitionTime"), now)
    # `IsPodAvailable`: without a transition time nothing says since when it is ready.
    return min_ready_s if age_s is None else max(0.0, min_ready_s - age_s)
