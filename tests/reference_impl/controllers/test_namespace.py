"""A terminating Namespace is emptied and goes; it takes nothing else with it."""

from reference_impl.controllers.namespace import namespace
from reference_impl.errors import ConnectionLost
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.world import World, open_world, pod, run

KINDS = [("v1", "ConfigMap"), ("v1", "Pod")]


def space(name: str = "shop") -> JsonObject:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config(name: str, *finalizers: str) -> JsonObject:
    metadata = {"name": name, "namespace": "shop", "finalizers": list(finalizers)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


async def spaces(world: World) -> list[str]:
    return [item["metadata"]["name"] for item in await world.user.list("v1", "Namespace")]


def test_content_goes_and_then_the_namespace() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("namespace", namespace)
            await world.create(space())
            await world.create(config("a"))
            await world.user.delete("v1", "Namespace", "shop")
            await world.settle()
            assert "shop" not in await spaces(world)
            assert await world.user.list("v1", "ConfigMap") == []

    run(test)


def test_a_living_namespace_is_left_alone() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("namespace", namespace)
            await world.create(space())
            await world.create(config("a"))
            await world.settle()
            assert weather.writes() == []

    run(test)


def test_it_waits_for_finalizers_of_others() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("namespace", namespace)
            await world.create(space())
            await world.create(config("a", "example.com/hold"))
            await world.user.delete("v1", "Namespace", "shop")
            await world.settle(100)
            assert "shop" in await spaces(world)
            await world.user.patch("v1", "ConfigMap", "a", "shop", body={"metadata": {"finalizers": None}})
            await world.settle(100)
            assert "shop" not in await spaces(world)

    run(test)


def test_pods_go_before_everything_else() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            await world.start("namespace", namespace)
            await world.create(space())
            await world.create(config("a"))
            running = pod("web", nodeName="node-1")
            running["metadata"]["namespace"] = "shop"
            await world.create(running)
            await world.user.delete("v1", "Namespace", "shop")
            await world.settle(20)
            assert len(await world.user.list("v1", "ConfigMap", "shop")) == 1
            await world.user.delete("v1", "Pod", "web", "shop", grace_period_s=0)
            await world.settle(100)
            assert "shop" not in await spaces(world)

    run(test)


def test_deletions_name_the_uid() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("namespace", namespace)
            await world.create(space())
            created = await world.create(config("a"))
            await world.user.delete("v1", "Namespace", "shop")
            await world.settle()
            [request] = weather.writes("ConfigMap")
            assert request.verb == "delete"
            assert request.precondition_uid == created["metadata"]["uid"]

    run(test)


def test_a_late_cache_does_not_empty_the_next_namespace_of_the_name() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("namespace", namespace)
            await world.create(space())
            await world.settle()
            await world.user.delete("v1", "Namespace", "shop")
            weather.hold("Namespace")
            await world.settle()
            await world.create(space())
            await world.create(config("a"))
            await world.crash("namespace")
            await world.start("namespace", namespace)
            weather.release("Namespace")
            await world.settle()
            assert len(await world.user.list("v1", "ConfigMap", "shop")) == 1

    run(test)


def test_lost_replies_do_no_harm() -> None:
    async def test() -> None:
        async with open_world(gc_kinds=KINDS) as world:
            weather = await world.start("namespace", namespace)
            weather.lose_reply = lambda request: ConnectionLost() if not request.is_read else None
            await world.create(space())
            await world.create(config("a"))
            await world.user.delete("v1", "Namespace", "shop")
            await world.settle(20)
            assert "shop" not in await spaces(world)

    run(test)
