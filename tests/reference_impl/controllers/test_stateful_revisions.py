"""A StatefulSet's history: stable names, collisions, rollbacks."""

import pytest

from reference_impl.controllers import stateful_revisions
from reference_impl.controllers.stateful_revisions import draft, resolve, surplus, template_of
from reference_impl.controllers.statefulset import statefulset
from reference_impl.objects import name_of
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.pod_runner import pod_runner
from tests.reference_impl.controllers.test_statefulset import get, images, new_image, patch, stateful_set
from tests.reference_impl.controllers.world import open_world, run


def a_set(image: str = "db:1", **status: object) -> JsonObject:
    made = stateful_set(1, image)
    made["metadata"]["uid"] = "u-set"
    return {**made, "status": status}


def test_a_revision_holds_the_template_and_nothing_else() -> None:
    assert template_of(draft(a_set(), 1, 0)) == a_set()["spec"]["template"]


def test_names_depend_on_template_and_collisions_only() -> None:
    assert name_of(draft(a_set(), 1, 0)) == name_of(draft(a_set(), 7, 0))
    assert name_of(draft(a_set(), 1, 0)) != name_of(draft(a_set("db:2"), 1, 0))
    assert name_of(draft(a_set(), 1, 0)) != name_of(draft(a_set(), 1, 1))


def test_the_newest_equal_revision_is_the_update_revision() -> None:
    history = [draft(a_set("db:1"), 1, 0), draft(a_set("db:2"), 2, 0)]
    found = resolve(a_set("db:2", currentRevision=name_of(history[0])), history)
    assert (found.current, found.update) == (history[0], history[1])
    assert not found.must_create
    assert not found.must_renumber


def test_an_older_equal_revision_is_renumbered() -> None:
    history = [draft(a_set("db:1"), 1, 0), draft(a_set("db:2"), 2, 0)]
    found = resolve(a_set("db:1"), history)
    assert found.must_renumber
    assert (name_of(found.update), found.update["revision"]) == (name_of(history[0]), 3)


def test_only_unused_revisions_beyond_the_limit_are_surplus() -> None:
    history = [draft(a_set(f"db:{number}"), number, 0) for number in range(1, 5)]
    set_ = a_set("db:4")
    set_["spec"]["revisionHistoryLimit"] = 1
    assert surplus(set_, history, [name_of(history[0]), name_of(history[3])]) == [history[1]]


def test_templates_whose_hashes_clash_get_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stateful_revisions, "_hash", lambda _, collision_count: f"same{collision_count}")

    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("statefulset", statefulset)
            await world.create(stateful_set(1))
            await world.settle()
            await patch(world, template=new_image("db:2"))
            await world.settle(20)
            status = (await get(world))["status"]
            assert (status["updateRevision"], status["collisionCount"]) == ("db-same1", 1)
            assert await images(world) == {"db-0": "db:2"}

    run(test)
