"""A Deployment's conditions move when something has happened, and at no other time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from reference_impl.controllers import deployment_status as report
from reference_impl.protocol import JsonObject

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)


def deployment(replicas: int = 2, status: JsonObject | None = None, **spec: Any) -> JsonObject:
    return {
        "metadata": {"name": "web", "generation": 1},
        "spec": {"replicas": replicas, "progressDeadlineSeconds": 60, **spec},
        "status": status or {},
    }


def replica_set(replicas: int, available: int) -> JsonObject:
    counts = {"replicas": replicas, "readyReplicas": available, "availableReplicas": available}
    return {"metadata": {"name": "web-1"}, "spec": {"replicas": replicas}, "status": counts}


def status(obj: JsonObject, new: JsonObject, now: datetime) -> tuple[JsonObject, float | None]:
    return report.with_progress(obj, report.status_of(obj, [new], new, now), new, now)


def reasons(found: JsonObject) -> dict[str, str]:
    return {item["type"]: item["reason"] for item in found["conditions"]}


def test_a_complete_rollout_says_so_and_then_nothing_new() -> None:
    new = replica_set(2, 2)
    first, again_in_s = status(deployment(), new, NOW)
    assert reasons(first)["Progressing"] == report.NEW_IS_AVAILABLE
    assert again_in_s is None
    assert status(deployment(status=first), new, LATER) == (first, None)


def test_progress_renews_the_update_time_and_keeps_the_transition_time() -> None:
    one, _ = status(deployment(), replica_set(2, 0), NOW)
    two, again_in_s = status(deployment(status=one), replica_set(2, 1), LATER)
    before, after = (next(c for c in s["conditions"] if c["type"] == "Progressing") for s in (one, two))
    assert after["lastUpdateTime"] > before["lastUpdateTime"]
    assert after["lastTransitionTime"] == before["lastTransitionTime"]
    assert again_in_s == 60


def test_no_progress_changes_nothing_until_the_deadline() -> None:
    one, _ = status(deployment(), replica_set(2, 0), NOW)
    assert status(deployment(status=one), replica_set(2, 0), LATER) == (one, 30)
    late, again_in_s = status(deployment(status=one), replica_set(2, 0), NOW + timedelta(seconds=60))
    assert reasons(late)["Progressing"] == report.TIMED_OUT
    assert again_in_s is None


def test_a_finished_rollout_stays_finished_when_a_pod_fails() -> None:
    one, _ = status(deployment(), replica_set(2, 2), NOW)
    two, _ = status(deployment(status=one), replica_set(2, 1), LATER)
    assert reasons(two)["Progressing"] == report.NEW_IS_AVAILABLE
    assert reasons(two)["Available"] == "MinimumReplicasUnavailable"


def test_zero_counts_are_left_out() -> None:
    found = report.status_of(deployment(0), [replica_set(0, 0)], replica_set(0, 0), NOW)
    assert set(found) == {"observedGeneration", "conditions"}


def test_a_failure_of_the_replica_set_is_taken_over_and_taken_back() -> None:
    new = replica_set(2, 0)
    new["status"]["conditions"] = [
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no"}
    ]
    found = report.with_replica_failure(report.status_of(deployment(), [new], new, NOW), new, [], NOW)
    assert reasons(found)["ReplicaFailure"] == "FailedCreate"
    healthy = replica_set(2, 0)
    assert "ReplicaFailure" not in reasons(report.with_replica_failure(found, healthy, [], NOW))
