"""A Job's status is what Go would have written: fields with `omitempty` have no zero."""

from datetime import UTC, datetime

from reference_impl.controllers.job_plan import make_plan
from reference_impl.controllers.job_status import next_status
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.test_job import a_job

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def status_after(status: JsonObject, *, created: int) -> JsonObject:
    job = {**a_job(), "status": status}
    return next_status(job, make_plan(job, [], NOW), [], NOW, created=created)


def test_active_is_counted() -> None:
    assert status_after({}, created=2)["active"] == 2


def test_no_active_pods_are_absent_whatever_was_before() -> None:
    assert "active" not in status_after({"active": 2}, created=0)
    assert "active" not in status_after({}, created=0)


def test_ready_and_terminating_may_be_zero() -> None:
    status = status_after({}, created=0)
    assert (status["ready"], status["terminating"]) == (0, 0)
