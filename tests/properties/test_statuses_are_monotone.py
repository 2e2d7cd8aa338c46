"""Tests of the claim that a Job loses no success."""

from properties.statuses_are_monotone import StatusesAreMonotone
from tests.properties.fake_view import FakeView, make

PROPERTY = StatusesAreMonotone()


def an_update(before: int, after: int, by: str = "job", mode: str = "NonIndexed", generation: int = 1) -> FakeView:
    view = FakeView()
    view.starts("job", under_test=False)
    job = make("Job", "sum", api_version="batch/v1", spec={"completionMode": mode}, generation=generation)
    job = view.create({**job, "status": {"succeeded": before}})
    view.update(job, by=by, status={"succeeded": after})
    return view


def test_a_removal_proves_nothing() -> None:
    view = an_update(0, 1)
    view.delete(view.objects()[0])
    assert PROPERTY.judge(view).verdict == "unknown"


def test_counting_up_holds() -> None:
    assert PROPERTY.judge(an_update(1, 2)).verdict == "holds"


def test_counting_down_is_a_violation() -> None:
    judgement = PROPERTY.judge(an_update(30, 26))
    assert judgement.verdict == "violated"
    assert "from 30 back to 26" in judgement.reason


def test_users_elastic_jobs_and_namesakes_are_excused() -> None:
    assert PROPERTY.judge(an_update(2, 1, by="user")).verdict == "holds"
    assert PROPERTY.judge(an_update(2, 1, mode="Indexed", generation=2)).verdict == "holds"
    view = an_update(2, 3)
    view.delete(view.objects()[0])
    view.create(make("Job", "sum", api_version="batch/v1", uid="second", status={"succeeded": 1}))
    assert PROPERTY.judge(view).verdict == "holds"
