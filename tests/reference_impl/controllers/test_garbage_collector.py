"""What has no owner left goes, what has one stays, and nothing is decided by a cache."""

from typing import Any

from reference_impl.controllers.garbage_collector import garbage_collector
from reference_impl.errors import ConnectionLost, NotFound
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.world import World, open_world, run

KINDS = [("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "Node")]


def config(name: str, *owners: JsonObject, block: bool = False, **metadata: Any) -> JsonObject:
    references = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": block,
        }
        for owner in owners
    ]
    base = {"name": name, "namespace": "default", "ownerReferences": references}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**base, **metadata}}


def secret(name: str, *owners: JsonObject, **more: Any) -> JsonObject:
    return {**config(name, *owners, **more), "kind": "Secret"}


async def names(world: World) -> list[str]:
    found = [*await world.user.list("v1", "ConfigMap", "default"), *await world.user.list("v1", "Secret", "default")]
    return sorted(item["metadata"]["name"] for item in found)


async def delete(world: World, name: str, propagation: str = "Background") -> None:
    await world.user.delete("v1", "ConfigMap", name, "default", propagation=propagation)


def test_dependents_follow_their_owner() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            child = await world.create(secret("child", owner))
            await world.create(config("grandchild", child))
            await delete(world, "owner")
            await world.settle()
            assert await names(world) == []

    run(test)


def test_an_object_with_one_owner_left_stays_and_drops_the_other() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            one, other = await world.create(config("one")), await world.create(config("other"))
            await world.create(secret("child", one, other))
            await delete(world, "one")
            await world.settle()
            child = await world.user.get("v1", "Secret", "child", "default")
            assert [item["name"] for item in child["metadata"]["ownerReferences"]] == ["other"]

    run(test)


def test_an_owner_created_again_under_its_name_is_another_owner() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner))
            await delete(world, "owner")
            await world.create(config("owner"))
            await world.start("gc", garbage_collector)
            await world.settle()
            assert await names(world) == ["owner"]

    run(test)


def test_a_late_cache_of_owners_costs_no_dependent() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("gc", garbage_collector)
            weather.hold("ConfigMap")
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner))
            await world.settle(100)
            assert await names(world) == ["child", "owner"]

    run(test)


def test_an_owner_that_came_and_went_unseen_is_found_gone() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("gc", garbage_collector)
            weather.hold("ConfigMap")
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner))
            await world.settle(10)
            await delete(world, "owner")
            weather.held["ConfigMap"].clear()
            await world.settle(100)
            assert await names(world) == []

    run(test)


def test_foreground_the_owner_goes_last() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner, block=True, finalizers=["example.com/hold"]))
            await delete(world, "owner", "Foreground")
            await world.settle()
            assert await names(world) == ["child", "owner"]
            await world.user.patch("v1", "Secret", "child", "default", body={"metadata": {"finalizers": None}})
            await world.settle()
            assert await names(world) == []

    run(test)


def test_foreground_what_does_not_block_need_not_be_gone() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner, finalizers=["example.com/hold"]))
            await delete(world, "owner", "Foreground")
            await world.settle()
            assert await names(world) == ["child"]
            child = await world.user.get("v1", "Secret", "child", "default")
            assert child["metadata"]["deletionTimestamp"]

    run(test)


def test_foreground_waits_for_a_dependent_that_the_cache_has_not_shown() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            await world.settle()
            weather.hold("Secret")
            await world.create(secret("child", owner, block=True))
            await delete(world, "owner", "Foreground")
            await world.settle()
            assert await names(world) == ["child", "owner"]
            weather.release("Secret")
            await world.settle(100)
            assert await names(world) == []

    run(test)


def test_orphan_keeps_dependents_and_takes_their_references() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            await world.create(secret("seen", owner))
            await world.settle()
            weather.hold("Secret")
            await world.create(secret("unseen", owner))
            await delete(world, "owner", "Orphan")
            await world.settle()
            weather.release("Secret")
            await world.settle()
            assert await names(world) == ["seen", "unseen"]
            for name in ("seen", "unseen"):
                kept = await world.user.get("v1", "Secret", name, "default")
                assert not kept["metadata"].get("ownerReferences")

    run(test)


def test_a_circle_of_owners_in_the_foreground_is_resolved() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            one = await world.create(config("one"))
            other = await world.create(secret("other", one, block=True))
            reference = config("x", other, block=True)["metadata"]["ownerReferences"]
            await world.user.patch(
                "v1", "ConfigMap", "one", "default", body={"metadata": {"ownerReferences": reference}}
            )
            await delete(world, "one", "Foreground")
            await world.settle(100)
            assert await names(world) == []

    run(test)


def test_a_reference_into_another_namespace_names_nobody() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            owner = await world.create({**config("owner", namespace="kube-system")})
            await world.create(secret("good", await world.create(config("own"))))
            await world.create(secret("bad", owner))
            await world.settle()
            assert await names(world) == ["good", "own"]

    run(test)


def test_a_cluster_scoped_object_is_not_collected_for_a_namespaced_owner() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            reference = config("x", owner)["metadata"]["ownerReferences"]
            node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "ownerReferences": reference}}
            await world.create(node)
            await delete(world, "owner")
            await world.settle()
            assert (await world.user.get("v1", "Node", "node-1"))["metadata"]["name"] == "node-1"

    run(test)


def crd() -> JsonObject:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "sites.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "sites", "singular": "site", "kind": "Site", "listKind": "SiteList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def test_kinds_defined_while_it_runs_are_collected_too() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            await world.create(crd())
            await world.settle()
            site = await world.create(
                {"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "a", "namespace": "default"}}
            )
            await world.create(secret("child", site))
            await world.settle()
            await world.user.delete("example.com/v1", "Site", "a", "default")
            await world.settle()
            assert await names(world) == []

    run(test)


def test_an_owner_of_a_kind_that_is_not_served_yet_is_not_absent() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            site = {"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "a", "uid": "some-uid"}}
            await world.create(secret("child", site))
            await world.settle(100)
            assert await names(world) == ["child"]
            await world.create(crd())
            await world.settle()
            assert await names(world) == []

    run(test)


def test_deletions_name_uid_and_revision_and_survive_lost_replies() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("gc", garbage_collector)
            weather.lose_reply = lambda request: ConnectionLost() if request.verb == "delete" else None
            owner = await world.create(config("owner"))
            child = await world.create(secret("child", owner))
            await delete(world, "owner")
            await world.settle()
            assert await names(world) == []
            [request] = weather.writes("Secret", "delete")
            assert request.precondition_uid == child["metadata"]["uid"]
            assert request.precondition_resource_version == child["metadata"]["resourceVersion"]

    run(test)


def test_after_a_crash_it_goes_on_where_it_was() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner, block=True))
            await world.settle()
            await world.crash("gc")
            await delete(world, "owner", "Foreground")
            await world.start("gc", garbage_collector)
            await world.settle()
            assert await names(world) == []

    run(test)


def test_at_rest_it_writes_and_reads_nothing() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("gc", garbage_collector)
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner))
            await world.settle()
            weather.requests.clear()
            await world.settle(3000)
            assert [request for request in weather.requests if request.verb != "list"] == []

    run(test)


def test_an_object_that_is_gone_meanwhile_is_no_error() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("gc", garbage_collector)
            weather.refuse = lambda request: (
                NotFound("gone", details={"name": "x"}) if request.verb == "delete" else None
            )
            owner = await world.create(config("owner"))
            await world.create(secret("child", owner))
            await delete(world, "owner")
            await world.settle(10)
            assert len(weather.writes("Secret", "delete")) == 1

    run(test)
