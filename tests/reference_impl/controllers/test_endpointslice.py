"""The EndpointSlice controller: exactly the pods behind each Service, in as few and as quiet slices as possible."""

from typing import Any

from reference_impl.controllers.endpointslice import endpointslice
from reference_impl.errors import ConnectionLost
from reference_impl.objects import name_of, uid_of
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.pod_runner import pod_runner
from tests.reference_impl.controllers.world import World, open_world, pod, run

DISCOVERY = "discovery.k8s.io/v1"


def service(**spec: Any) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "front", "namespace": "default", "labels": {"team": "web"}},
        "spec": {"selector": {"app": "front"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}], **spec},
    }


async def slices(world: World) -> list[JsonObject]:
    return await world.user.list(DISCOVERY, "EndpointSlice", "default")


async def endpoints(world: World) -> dict[str, JsonObject]:
    """Endpoints of all slices by pod name; a pod that is in two slices fails here."""
    found: dict[str, JsonObject] = {}
    for one in await slices(world):
        for endpoint in one.get("endpoints") or ():
            assert endpoint["targetRef"]["name"] not in found
            found[endpoint["targetRef"]["name"]] = endpoint
    return found


def test_a_slice_lists_the_ready_pods_with_the_services_ports() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            created = await world.create(service())
            one = await world.create(pod("a"))
            await world.create({**pod("b"), "metadata": {**pod("b")["metadata"], "labels": {"app": "back"}}})
            await world.settle()
            (only,) = await slices(world)
            assert only["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
            assert only["addressType"] == "IPv4"
            assert only["metadata"]["labels"] == {
                "team": "web",
                "kubernetes.io/service-name": "front",
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            }
            assert only["metadata"]["name"].startswith("front-")
            assert only["metadata"]["ownerReferences"][0]["uid"] == uid_of(created)
            (endpoint,) = only["endpoints"]
            assert endpoint["targetRef"]["uid"] == uid_of(one)
            assert endpoint["conditions"] == {"ready": True, "serving": True, "terminating": False}

    run(test)


def test_a_service_without_pods_has_one_empty_slice() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            await world.settle()
            (only,) = await slices(world)
            assert not only["endpoints"]
            assert not only.get("ports")

    run(test)


def test_a_service_without_selector_or_an_alias_has_none() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("endpointslice", endpointslice)
            await world.create(service(selector=None))
            alias = service(type="ExternalName", externalName="example.com")
            await world.create({**alias, "metadata": {"name": "alias", "namespace": "default"}})
            await world.settle()
            assert await slices(world) == []

    run(test)


def test_readiness_follows_the_pod() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            one = await world.create(pod("a"))
            await world.settle()
            await world.say(one, ready=False)
            await world.settle()
            assert (await endpoints(world))["a"]["conditions"]["ready"] is False

    run(test)


def test_a_terminating_pod_serves_but_is_not_ready() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            held = pod("a")
            held["metadata"] = {**held["metadata"], "finalizers": ["example.com/hold"]}
            await world.create(held)
            await world.settle()
            await world.user.delete("v1", "Pod", "a", "default")
            await world.settle()
            conditions = (await endpoints(world))["a"]["conditions"]
            assert conditions == {"ready": False, "serving": True, "terminating": True}

    run(test)


def test_pods_that_ended_or_left_are_no_endpoints() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            ended = await world.create(pod("a"))
            await world.create(pod("b"))
            await world.create(pod("c"))
            await world.settle()
            await world.say(ended, ready=False, phase="Succeeded")
            await world.user.patch("v1", "Pod", "b", "default", body={"metadata": {"labels": {"app": "back"}}})
            await world.settle()
            assert list(await endpoints(world)) == ["c"]

    run(test)


def test_named_target_ports_split_pods_by_what_they_offer() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            await world.create(service(ports=[{"name": "http", "port": 80, "targetPort": "web"}]))
            for name, number in (("a", 8080), ("b", 9090)):
                box = {"name": "main", "image": "front:1", "ports": [{"name": "web", "containerPort": number}]}
                await world.create(pod(name, containers=[box]))
            await world.settle()
            ports = sorted(one["ports"][0]["port"] for one in await slices(world))
            assert ports == [8080, 9090]

    run(test)


def test_more_than_a_hundred_endpoints_take_a_second_slice() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            for number in range(101):
                await world.create(pod(f"p{number}"))
            await world.create(service())
            await world.settle()
            assert sorted(len(one["endpoints"]) for one in await slices(world)) == [1, 100]
            assert len(await endpoints(world)) == 101

    run(test)


def test_a_port_change_is_written_over_the_slice_that_there_is() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            await world.create(pod("a"))
            await world.settle()
            (before,) = await slices(world)
            await world.user.patch("v1", "Service", "front", "default", body={"spec": {"ports": [{"port": 81}]}})
            await world.settle()
            (after,) = await slices(world)
            assert uid_of(after) == uid_of(before)
            assert [port["port"] for port in after["ports"]] == [81]

    run(test)


def test_an_edited_or_deleted_slice_is_put_back() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            await world.create(pod("a"))
            await world.settle()
            (only,) = await slices(world)
            await world.user.patch(DISCOVERY, "EndpointSlice", name_of(only), "default", body={"endpoints": []})
            await world.settle()
            assert list(await endpoints(world)) == ["a"]
            await world.user.delete(DISCOVERY, "EndpointSlice", name_of(only), "default")
            await world.settle()
            assert list(await endpoints(world)) == ["a"]

    run(test)


def test_a_foreign_slice_of_the_service_is_left_alone() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            foreign = {
                "apiVersion": DISCOVERY,
                "kind": "EndpointSlice",
                "metadata": {
                    "name": "mine",
                    "namespace": "default",
                    "labels": {"kubernetes.io/service-name": "front"},
                },
                "addressType": "IPv4",
                "endpoints": [],
                "ports": [],
            }
            before = await world.create(foreign)
            await world.settle()
            assert await world.user.get(DISCOVERY, "EndpointSlice", "mine", "default") == before

    run(test)


def test_a_lost_reply_to_a_create_makes_no_second_slice() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("endpointslice", endpointslice)
            lost = iter([True])
            weather.lose_reply = lambda request: (
                ConnectionLost() if request.verb == "create" and next(lost, False) else None
            )
            await world.create(service())
            await world.settle()
            assert len(await slices(world)) == 1

    run(test)


def test_a_silent_slice_cache_makes_no_second_slice() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("endpointslice", endpointslice)
            weather.hold("EndpointSlice")
            await world.create(service())
            for name in ("a", "b", "c"):
                await world.create(pod(name))
                await world.settle(1)
            assert len([one for one in await slices(world) if one["endpoints"]]) == 1
            weather.release("EndpointSlice")
            await world.settle()
            assert sorted(await endpoints(world)) == ["a", "b", "c"]
            assert len(await slices(world)) == 1

    run(test)


def test_a_slice_that_repeats_another_goes() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            await world.start("endpointslice", endpointslice)
            await world.create(service())
            await world.create(pod("a"))
            await world.settle()
            (only,) = await slices(world)
            double = {**only, "metadata": {**only["metadata"], "name": "front-zzzzz"}}
            for key in ("uid", "resourceVersion", "creationTimestamp", "generation", "generateName", "managedFields"):
                double["metadata"].pop(key, None)
            await world.create(double)
            await world.settle()
            assert [name_of(one) for one in await slices(world)] == [name_of(only)]

    run(test)


def test_deletes_carry_the_uid() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("endpointslice", endpointslice)
            await world.create(service(ports=[{"name": "http", "port": 80, "targetPort": "web"}]))
            for name, number in (("a", 8080), ("b", 9090)):
                box = {"name": "main", "image": "front:1", "ports": [{"name": "web", "containerPort": number}]}
                await world.create(pod(name, containers=[box]))
            await world.settle()
            await world.user.delete("v1", "Pod", "b", "default")
            await world.settle()
            assert list(await endpoints(world)) == ["a"]
            deletes = weather.writes("EndpointSlice", "delete")
            assert deletes
            assert all(request.precondition_uid for request in deletes)

    run(test)


def test_at_rest_it_writes_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("runner", pod_runner())
            weather = await world.start("endpointslice", endpointslice)
            await world.create(service())
            await world.create(pod("a"))
            await world.create(pod("b"))
            await world.settle()
            weather.requests.clear()
            await world.user.patch(
                "v1", "Service", "front", "default", body={"metadata": {"annotations": {"touched": "yes"}}}
            )
            await world.settle(60)
            assert weather.writes() == []

    run(test)
