"""Sorting dependents by owner, and the preconditions of adoption."""

import pytest

from reference_impl.controllers.dependents import adopt, labels_of, release, sort_by_owner
from reference_impl.errors import Conflict
from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.world import open_world, pod, replica_set, run

OWNER: JsonObject = {"metadata": {"name": "front", "uid": "u-front"}}


def dependent(name: str, *, controller: str | None = None, label: str = "front", deleting: bool = False) -> JsonObject:
    metadata: JsonObject = {"name": name, "labels": {"app": label}}
    if controller:
        metadata["ownerReferences"] = [{"uid": controller, "controller": True}]
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata}


CANDIDATES = [
    dependent("mine", controller="u-front"),
    dependent("stray", controller="u-front", label="back"),
    dependent("foreign", controller="u-other"),
    dependent("orphan"),
    dependent("going", deleting=True),
    dependent("other", label="back"),
]


def names(objects: list[JsonObject]) -> list[str]:
    return [one["metadata"]["name"] for one in objects]


def test_dependents_are_owned_orphans_or_strays() -> None:
    found = sort_by_owner(OWNER, CANDIDATES, lambda one: labels_of(one)["app"] == "front")
    assert (names(found.owned), names(found.orphans), names(found.strays)) == (["mine"], ["orphan"], ["stray"])


def test_an_owner_under_deletion_neither_adopts_nor_releases() -> None:
    going = {"metadata": {**OWNER["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    found = sort_by_owner(going, CANDIDATES, lambda one: labels_of(one)["app"] == "front")
    assert (names(found.owned), found.orphans, found.strays) == (["mine"], [], [])


def test_an_orphan_that_changed_since_it_was_seen_is_not_adopted() -> None:
    async def test() -> None:
        async with open_world() as world:
            owner = await world.create(replica_set())
            seen = await world.create(pod("a"))
            await world.user.patch("v1", "Pod", "a", "default", body={"metadata": {"labels": {"app": "back"}}})
            with pytest.raises(Conflict):
                await adopt(world.user, "v1", "Pod", owner, seen)

    run(test)


def test_release_removes_the_owner_and_the_named_finalizer_only() -> None:
    async def test() -> None:
        async with open_world() as world:
            owner = await world.create(replica_set())
            seen = pod("a")
            seen["metadata"] = {**seen["metadata"], "finalizers": ["example.com/other"]}
            adopted = await adopt(
                world.user, "v1", "Pod", owner, await world.create(seen), finalizer="example.com/mine"
            )
            assert sorted(adopted["metadata"]["finalizers"]) == ["example.com/mine", "example.com/other"]
            await release(world.user, "v1", "Pod", owner, adopted, finalizer="example.com/mine")
            released = await world.user.get("v1", "Pod", "a", "default")
            assert controller_of(released) is None
            assert released["metadata"]["finalizers"] == ["example.com/other"]

    run(test)
