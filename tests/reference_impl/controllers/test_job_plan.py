"""The Job plan, on hand-made pods."""

from datetime import UTC, datetime

import pytest

from reference_impl.controllers.job_plan import back_off_s, make_plan
from reference_impl.objects import name_of
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.test_job_accounting import job, pod

NOW = datetime(2026, 1, 1, 0, 10, tzinfo=UTC)


def a_job(**spec: object) -> JsonObject:
    made = job()
    made["spec"] = {"parallelism": 2, "completions": 3, "backoffLimit": 6, "template": {"spec": {}}, **spec}
    return made


def failed(uid: str, minute: int) -> JsonObject:
    made = pod(uid, "Failed")
    ended = f"2026-01-01T00:{minute:02}:00Z"
    made["status"]["containerStatuses"] = [{"state": {"terminated": {"finishedAt": ended}}}]
    return made


def test_no_more_run_than_completions_are_missing() -> None:
    assert len(make_plan(a_job(parallelism=9), [pod("a", "Succeeded")], NOW).create) == 2


def test_a_work_queue_starts_nobody_after_the_first_success() -> None:
    queue = a_job(completions=None, parallelism=3)
    assert len(make_plan(queue, [pod("a", "Running")], NOW).create) == 2
    assert make_plan(queue, [pod("a", "Succeeded"), pod("b", "Running")], NOW).create == []


def test_a_work_queue_is_done_when_the_last_worker_is() -> None:
    queue = a_job(completions=None)
    assert make_plan(queue, [pod("a", "Succeeded"), pod("b", "Running")], NOW).verdict is None
    verdict = make_plan(queue, [pod("a", "Succeeded"), pod("b", "Failed")], NOW).verdict
    assert verdict is not None
    assert verdict.condition == "SuccessCriteriaMet"


def test_the_least_advanced_pods_go_first() -> None:
    running, pending = pod("a", "Running"), pod("b", "Pending")
    plan = make_plan(a_job(parallelism=1), [running, pending], NOW)
    assert [name_of(one) for one in plan.delete] == ["b"]
    assert plan.spare


def test_a_terminating_pod_is_waited_for_if_only_failed_ones_are_replaced() -> None:
    going = pod("a", "Running", deleting=True)
    assert len(make_plan(a_job(parallelism=1, backoffLimit=9), [going], NOW).create) == 1
    assert make_plan(a_job(parallelism=1, podReplacementPolicy="Failed"), [going], NOW).create == []


def test_duplicate_indexes_are_removed() -> None:
    indexed = a_job(completionMode="Indexed", parallelism=3)
    pods = [pod("a", "Running", index=0), pod("b", "Pending", index=0), pod("c", "Running", index=1)]
    assert [name_of(one) for one in make_plan(indexed, pods, NOW).delete] == ["b"]


@pytest.mark.parametrize(("minutes", "wait_s"), [([0], 0.0), ([10], 10.0), ([9, 10], 20.0), ([8, 9, 10], 40.0)])
def test_each_failure_doubles_the_wait(minutes: list[int], wait_s: float) -> None:
    pods = [failed(f"p{minute}", minute) for minute in minutes]
    assert back_off_s(a_job(), pods, NOW) == wait_s


def test_a_failure_in_the_future_of_this_clock_waits_no_longer_than_its_back_off() -> None:
    assert back_off_s(a_job(), [failed("a", 59)], NOW) == 10.0


def test_restarts_count_against_the_limit_if_the_kubelet_restarts() -> None:
    restarting = pod("a", "Running")
    restarting["status"]["containerStatuses"] = [{"restartCount": 2, "state": {}}]
    patient = a_job(backoffLimit=2, template={"spec": {"restartPolicy": "OnFailure"}})
    verdict = make_plan(patient, [restarting], NOW).verdict
    assert verdict is not None
    assert verdict.reason == "BackoffLimitExceeded"
