"""Tests of the claim that reconciling what is right writes nothing."""

import pytest

from properties.idempotent import Idempotent
from tests.properties.fake_view import FakeView, make

PROPERTY = Idempotent()


def a_world() -> FakeView:
    view = FakeView()
    view.starts("website")
    view.create(make("Deployment", "front", api_version="apps/v1", spec={"replicas": 1}), by="website")
    return view


@pytest.mark.parametrize("phase", ["rest", "restarted", "end"])
def test_outside_the_three_passes_it_proves_nothing(phase: str) -> None:
    view = a_world()
    view.writes_in_pass = view.changes()
    assert PROPERTY.judge(view.rests(phase)).verdict == "unknown"


@pytest.mark.parametrize("phase", ["resync", "relist", "restart"])
def test_a_silent_pass_holds(phase: str) -> None:
    assert PROPERTY.judge(a_world().rests(phase)).verdict == "holds"


def test_a_write_in_a_pass_is_named_with_its_writer_verb_object_and_fields() -> None:
    view = a_world()
    front = view.objects()[0]
    view.update(front, by="website", spec={"replicas": 2})
    assert view.change is not None
    view.writes_in_pass = [view.change]
    judgement = PROPERTY.judge(view.rests("resync"))
    assert judgement.verdict == "violated"
    assert "website update Deployment default/front (spec.replicas: 1 -> 2)" in judgement.reason
    assert judgement.key == "Deployment website"


def test_writes_before_the_pass_are_no_matter() -> None:
    view = a_world()
    view.update(view.objects()[0], by="website", spec={"replicas": 2})
    assert PROPERTY.judge(view.rests("restart")).verdict == "holds"
