"""What came and went while its maker's watch was broken is brought back by the periodic resync, and only that."""

from collections.abc import Iterator

import pytest

from harness.example import Example
from harness.fair_weather import dry_run
from harness.plan import Plan
from harness.settle import settle
from harness.unheard import lives_that_missed_a_child
from tests.harness import trials

CREATE = {"do": "create", "object": trials.SITE}
GAP = {
    "do": "watch_gap",
    "at": "delivery",
    "component": "steady",
    "event": {"kind": "ConfigMap", "name": "front", "namespace": "default", "nth": 1, "type": "ADDED"},
    "seconds": 0.0,
}
DELETE_PAGE = {
    "do": "delete_owned",
    "api_version": "v1",
    "kind": "ConfigMap",
    "namespace": "default",
    "owner": {"api_version": "example.com/v1", "kind": "Website", "name": "front", "namespace": "default"},
    "index": 0,
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return dry_run(trials.trial()).plan


@pytest.fixture
def example(plan: Plan) -> Iterator[Example]:
    with Example(plan) as example:
        yield example


def test_a_maker_that_never_heard_of_its_child_is_found_and_woken(plan: Plan) -> None:
    with Example(plan, weather=[GAP]) as example:
        example.act(CREATE)
        example.act(DELETE_PAGE)
        assert settle(example.world, 1.0)
        assert [life.process.name for life in lives_that_missed_a_child(example.world)] == ["steady"]
        example.finish(None)
        assert [found.name for found in example.violations] == []
    assert len(example.world.judge.view.list("v1", "ConfigMap", "default")) == 1


def test_a_maker_that_saw_its_child_is_not_helped(example: Example) -> None:
    example.act(CREATE)
    example.act(DELETE_PAGE)
    assert settle(example.world, 1.0)
    assert lives_that_missed_a_child(example.world) == []
