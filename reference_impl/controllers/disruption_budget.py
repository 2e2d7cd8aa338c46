"""A PodDisruptionBudget's arithmetic: how many pods are expected, how many must stay, how many may go.

Pure functions. Source: `pkg/controller/disruption/disruption.go`. A pod whose eviction was allowed stays out of the
count until it is seen to be deleted, or for two minutes: the API server wrote it into `status.disruptedPods`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reference_impl.controllers.meta_time import seconds_since, timestamp
from reference_impl.controllers.pod_status import condition_of, is_ready
from reference_impl.objects import is_deleting, name_of
from reference_impl.protocol import JsonObject

DELETION_TIMEOUT_S: Final = 120.0
"""`DeletionTimeout`: an allowed eviction that has deleted nothing after so long never will."""


def scaled(value: Any, total: int) -> int:
    """An int as it is, a percentage of `total` rounded up (`GetScaledValueFromIntOrPercent`).

    Raises:
        ValueError: neither.
    """
    if isinstance(value, int):
        return value
    text = str(value)
    if not text.endswith("%") or not text[:-1].isdecimal():
        raise ValueError(f"{value!r} is no share of {total} pods: write a number, or a percentage like '25%'")
    return -(-int(text[:-1]) * total // 100)


def needs_scale(budget: JsonObject) -> bool:
    """It has to know how many pods there should be, not only how many there are."""
    spec = budget["spec"]
    return spec.get("maxUnavailable") is not None or isinstance(spec.get("minAvailable"), str)


def has_bounds(budget: JsonObject) -> bool:
    """It says anything at all. A budget that does not expects no pods and so allows no eviction."""
    return budget["spec"].get("maxUnavailable") is not None or budget["spec"].get("minAvailable") is not None


def desired_healthy(budget: JsonObject, expected: int) -> int:
    """How many pods must stay healthy, of `expected`."""
    spec = budget["spec"]
    if spec.get("maxUnavailable") is not None:
        return max(0, expected - scaled(spec["maxUnavailable"], expected))
    if spec.get("minAvailable") is not None:
        return scaled(spec["minAvailable"], expected)
    return 0


@dataclass(frozen=True, slots=True)
class Disrupted:
    """Allowed evictions that still count, and in how many virtual seconds the next of them expires (None: never)."""

    pods: dict[str, str]
    recheck_s: float | None


def still_disrupted(budget: JsonObject, pods: Sequence[JsonObject], now: datetime) -> Disrupted:
    """`buildDisruptedPodMap`: drop those that are being deleted, are gone, or were not deleted in time."""
    noted = (budget.get("status") or {}).get("disruptedPods") or {}
    kept: dict[str, str] = {}
    waits: list[float] = []
    for pod in sorted(pods, key=name_of):
        since = noted.get(name_of(pod))
        if since is None or is_deleting(pod):
            continue
        remaining_s = DELETION_TIMEOUT_S - (seconds_since(since, now) or 0.0)
        if remaining_s > 0:
            kept[name_of(pod)] = since
            # Whole seconds are all that the timestamp has; a moment more saves a look that comes too early.
            waits.append(remaining_s + 1.0)
    return Disrupted(kept, min(waits, default=None))


def next_status(
    budget: JsonObject, pods: Sequence[JsonObject], expected: int, disrupted: Disrupted, now: datetime
) -> JsonObject:
    """The whole status (`updatePdbStatus`)."""
    healthy = sum(is_ready(pod) and not is_deleting(pod) and name_of(pod) not in disrupted.pods for pod in pods)
    desired = desired_healthy(budget, expected)
    # A budget over no pods allows nothing: pods may appear before the next sync does.
    allowed = max(0, healthy - desired) if expected > 0 else 0
    status: JsonObject = {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "disruptionsAllowed": allowed,
        "observedGeneration": budget["metadata"].get("generation", 0),
        "conditions": _conditions(
            budget, allowed > 0, "SufficientPods" if allowed > 0 else "InsufficientPods", "", now
        ),
    }
    if disrupted.pods:
        status["disruptedPods"] = disrupted.pods
    return status


def failed_status(budget: JsonObject, message: str, now: datetime) -> JsonObject:
    """When the pods cannot be judged nothing may be evicted (`failSafe`)."""
    status: JsonObject = {**(budget.get("status") or {}), "disruptionsAllowed": 0}
    status["conditions"] = _conditions(budget, False, "SyncFailed", message, now)
    return status


def _conditions(budget: JsonObject, is_allowed: bool, reason: str, message: str, now: datetime) -> list[JsonObject]:
    value = "True" if is_allowed else "False"
    old = condition_of(budget, "DisruptionAllowed")
    since = timestamp(now) if old is None or old.get("status") != value else old.get("lastTransitionTime")
    new = {
        "type": "DisruptionAllowed",
        "status": value,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since,
        "observedGeneration": budget["metadata"].get("generation", 0),
    }
    others = [one for one in (budget.get("status") or {}).get("conditions") or () if one.get("type") != new["type"]]
    return [*others, new]
