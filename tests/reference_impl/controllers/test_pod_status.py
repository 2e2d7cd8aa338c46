"""What a Pod's status means."""

from datetime import UTC, datetime

import pytest

from reference_impl.controllers.pod_status import available_in_s, is_active, is_terminating
from reference_impl.protocol import JsonObject

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)


def pod(phase: str = "Running", *, ready: bool = True, since: str | None = "2026-01-01T00:00:00Z") -> JsonObject:
    condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": since}
    return {"metadata": {"name": "p"}, "status": {"phase": phase, "conditions": [condition]}}


@pytest.mark.parametrize(("min_ready_s", "wait_s"), [(0, 0.0), (60, 0.0), (90, 30.0)])
def test_a_ready_pod_is_available_after_a_while(min_ready_s: int, wait_s: float) -> None:
    assert available_in_s(pod(), min_ready_s, NOW) == wait_s


def test_a_pod_that_is_not_running_and_ready_is_never_available() -> None:
    assert available_in_s(pod(ready=False), 0, NOW) is None
    assert available_in_s(pod("Pending"), 0, NOW) is None


def test_without_a_transition_time_the_wait_is_a_full_one() -> None:
    assert available_in_s(pod(since=None), 30, NOW) == 30


def test_an_ended_pod_is_neither_active_nor_terminating() -> None:
    ended = pod("Failed", ready=False)
    ended["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert not is_active(ended)
    assert not is_terminating(ended)
