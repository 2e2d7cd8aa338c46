"""Shares of pods, and evictions that still count."""

from datetime import UTC, datetime

import pytest

from reference_impl.controllers.disruption_budget import failed_status, next_status, scaled, still_disrupted
from reference_impl.protocol import JsonObject

NOW = datetime(2026, 1, 1, 0, 2, tzinfo=UTC)


def budget(**status: object) -> JsonObject:
    return {"metadata": {"name": "b", "generation": 3}, "spec": {"minAvailable": 1}, "status": status}


def pod(name: str, *, deleting: bool = False) -> JsonObject:
    metadata: JsonObject = {"name": name}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


@pytest.mark.parametrize(("value", "share"), [(3, 3), ("50%", 4), ("1%", 1), ("0%", 0), ("100%", 7)])
def test_percentages_are_rounded_up(value: int | str, share: int) -> None:
    assert scaled(value, 7) == share


def test_what_is_no_share_says_what_to_write() -> None:
    with pytest.raises(ValueError, match="write a number, or a percentage"):
        scaled("half", 7)


def test_an_allowed_eviction_counts_until_its_pod_goes_or_two_minutes_pass() -> None:
    noted = {"a": "2026-01-01T00:01:00Z", "b": "2026-01-01T00:00:00Z", "c": "2026-01-01T00:01:30Z", "d": "gone"}
    pods = [pod("a"), pod("b"), pod("c", deleting=True)]
    kept = still_disrupted(budget(disruptedPods=noted), pods, NOW)
    assert kept.pods == {"a": noted["a"]}
    assert kept.recheck_s == 61.0


def test_pods_under_deletion_are_not_healthy() -> None:
    pods = [pod("a"), pod("b"), pod("c", deleting=True)]
    status = next_status(budget(), pods, 3, still_disrupted(budget(), pods, NOW), NOW)
    assert (status["currentHealthy"], status["disruptionsAllowed"], status["observedGeneration"]) == (2, 1, 3)


def test_the_condition_keeps_its_time_while_it_keeps_its_value() -> None:
    pods = [pod("a"), pod("b")]
    first = next_status(budget(), pods, 2, still_disrupted(budget(), pods, NOW), NOW)
    later = datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert next_status(budget(**first), pods, 2, still_disrupted(budget(**first), pods, later), later) == first


def test_a_failed_sync_allows_nothing() -> None:
    status = failed_status(budget(disruptionsAllowed=2, currentHealthy=3), "no scale", NOW)
    assert (status["disruptionsAllowed"], status["currentHealthy"]) == (0, 3)
    assert status["conditions"][0]["message"] == "no scale"
