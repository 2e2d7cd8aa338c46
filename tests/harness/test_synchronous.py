"""`harness/synchronous.py`: a test's own rules act without `await`, and fair weather hears of what they do."""

from collections.abc import Iterator

import pytest

from harness.example import Example
from harness.session import Session
from harness.synchronous import SynchronousWorld, merge_difference
from harness.trial import Trial
from reference_impl.errors import Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch

SOURCE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "source", "namespace": "default"}}


dreaming: list[str] = []
"""While there is anything in it, the copier takes requests for done."""


def copier(client: Client) -> Controller:
    """Keeps a copy of ConfigMap source in ConfigMap copy."""

    async def reconcile(_: Request) -> None:
        if dreaming:
            return
        source = await client.get("v1", "ConfigMap", "source", "default")
        wanted = {**SOURCE, "metadata": {"name": "copy", "namespace": "default"}, "data": source.get("data", {})}
        try:
            found = await client.get("v1", "ConfigMap", "copy", "default")
        except NotFound:
            await client.create(wanted)
            return
        if found.get("data", {}) != wanted["data"]:
            await client.update({**found, "data": wanted["data"]})

    return Controller(name="copier", reconcile=reconcile, watches=[Watch("v1", "ConfigMap")])


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(Trial([copier], [{**SOURCE, "data": {"a": "1"}}], workload=[], built_ins="none"))


@pytest.fixture
def example(session: Session) -> Iterator[Example]:
    with Example(session.plan) as example:
        for action in session.workloads[0]:
            example.act(action)
        yield example


def _finish(session: Session, example: Example) -> list[str]:
    example.finish(session.fair_weather.reference(example.workload))
    return [found.name for found in example.violations]


def test_an_edit_by_a_rule_is_part_of_what_fair_weather_is_asked(session: Session, example: Example) -> None:
    world = SynchronousWorld(example)
    world.user.patch("v1", "ConfigMap", "source", "default", body={"data": {"a": "2"}})
    found = world.user.get("v1", "ConfigMap", "source", "default")
    world.user.update({**found, "data": {"b": "3"}})
    assert [action["do"] for action in example.workload[-2:]] == ["patch", "patch"]
    assert example.workload[-1]["body"] == {"data": {"a": None, "b": "3"}}
    assert _finish(session, example) == []
    assert world.get("v1", "ConfigMap", "copy", "default")["data"] == {"b": "3"}  # type: ignore[index]


def test_a_controller_that_misses_a_rules_edit_is_found(session: Session, example: Example) -> None:
    world = SynchronousWorld(example)
    dreaming.append("of electric sheep")
    world.user.patch("v1", "ConfigMap", "source", "default", body={"data": {"a": "2"}})
    world.advance(10.0)
    dreaming.clear()
    assert _finish(session, example) == ["converges"]


def test_creates_and_deletes_are_noted_too(session: Session, example: Example) -> None:
    world = SynchronousWorld(example)
    world.user.create({**SOURCE, "metadata": {"name": "other", "namespace": "default"}})
    world.user.delete("v1", "ConfigMap", "other", "default")
    create, delete = example.workload[-2:]
    assert create["object"]["metadata"] == {"name": "other", "namespace": "default"}
    assert (delete["do"], delete["name"]) == ("delete", "other")
    assert _finish(session, example) == []


def test_a_write_that_no_action_can_say_leaves_the_example_without_a_reference(
    session: Session, example: Example
) -> None:
    world = SynchronousWorld(example)
    world.user.delete_collection("v1", "ConfigMap", "default")
    assert _finish(session, example) == []
    assert example.world.reference is None


def test_what_is_refused_or_only_tried_is_not_noted(example: Example) -> None:
    world, before = SynchronousWorld(example), list(example.workload)
    stale = world.user.get("v1", "ConfigMap", "source", "default")
    stale["metadata"]["resourceVersion"] = "1"
    with pytest.raises(Conflict):
        world.user.update({**stale, "data": {}})
    world.user.create({**SOURCE, "metadata": {"name": "other", "namespace": "default"}}, dry_run=True)
    assert example.workload == before


def test_live_reads_outside_systems_and_plain_verbs_block(example: Example) -> None:
    world = SynchronousWorld(example)
    assert world.user.live.get("v1", "ConfigMap", "source", "default")["data"] == {"a": "1"}
    assert world.user.external("dns").call("create", body={"host": "front"})["host"] == "front"
    assert world.user.now().tzinfo is not None
    with pytest.raises(AttributeError, match="has no watch"):
        world.user.watch("v1", "ConfigMap")


def test_paired_verbs_make_weather_by_hand(example: Example) -> None:
    world = SynchronousWorld(example)
    world.hold("copier", "ConfigMap")
    world.user.patch("v1", "ConfigMap", "source", "default", body={"data": {"a": "2"}})
    world.advance(10.0)
    assert world.get("v1", "ConfigMap", "copy", "default")["data"] == {"a": "1"}  # type: ignore[index]
    world.release("copier", "ConfigMap")
    world.advance(10.0)
    assert [obj["data"] for obj in world.list("v1", "ConfigMap", "default")] == [{"a": "2"}, {"a": "2"}]


def test_a_merge_difference_makes_the_one_into_the_other() -> None:
    before = {"a": {"x": 1, "y": 2}, "b": 1, "c": [1]}
    assert merge_difference(before, {"a": {"x": 1}, "c": [2], "d": 4}) == {
        "a": {"y": None},
        "b": None,
        "c": [2],
        "d": 4,
    }
    assert merge_difference(before, before) == {}
