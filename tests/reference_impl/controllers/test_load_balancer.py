"""The load balancer controller: one load balancer a Service outside, never one too many, never one left behind."""

from collections.abc import Callable
from typing import Any

import pytest

from reference_impl.controllers.load_balancer import FINALIZER, RESYNC_S, SYSTEM, load_balancer
from reference_impl.errors import ApiError, ConnectionLost, NotFound, Timeout
from reference_impl.objects import uid_of
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject
from tests.reference_impl.controllers.world import Weather, World, open_world, run


def service(kind: str = "LoadBalancer", **spec: Any) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "front", "namespace": "default"},
        "spec": {"type": kind, "selector": {"app": "front"}, "ports": [{"name": "http", "port": 80}], **spec},
    }


async def get(world: World) -> JsonObject:
    return await world.user.get("v1", "Service", "front", "default")


async def outside(world: World) -> list[JsonObject]:
    answer = await world.user.external(SYSTEM).call("list") or {}
    items: list[JsonObject] = answer["items"]
    return items


def watch_outside(weather: Weather) -> tuple[list[ExternalCall], dict[str, Callable[[ExternalCall], ApiError | None]]]:
    """All calls on the outside from now on; "before" and "after" the effect may answer with an error."""
    calls: list[ExternalCall] = []
    faults: dict[str, Callable[[ExternalCall], ApiError | None]] = {}
    original = weather.external

    async def external(call: ExternalCall) -> JsonObject | None:
        calls.append(call)
        for moment in ("before", "after"):
            if moment == "after":
                answer = await original(call)
            error = faults[moment](call) if moment in faults else None
            if error is not None:
                raise error
        return answer

    weather.external = external  # type: ignore[method-assign]
    return calls, faults


def test_a_service_gets_a_load_balancer_that_it_owns() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            created = await world.create(service())
            await world.settle()
            (item,) = await outside(world)
            assert item["id"] == item["owner"] == uid_of(created)
            current = await get(world)
            assert current["metadata"]["finalizers"] == [FINALIZER]
            assert current["status"]["loadBalancer"]["ingress"][0]["hostname"].startswith(item["id"])

    run(test)


def test_other_services_are_none_of_its_business() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            calls, _ = watch_outside(weather)
            await world.create(service("ClusterIP"))
            await world.settle(300)
            assert calls == []
            assert weather.writes() == []

    run(test)


def test_the_finalizer_is_stored_before_anything_happens_outside() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            calls, _ = watch_outside(weather)
            weather.refuse = lambda request: Timeout() if request.verb == "update" else None
            await world.create(service())
            await world.settle()
            assert [call for call in calls if call.verb != "list"] == []

    run(test)


def test_deletion_takes_the_outside_away_first_and_then_lets_go() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            _, faults = watch_outside(weather)
            await world.create(service())
            await world.settle()
            faults["before"] = lambda call: Timeout() if call.verb == "delete" else None
            await world.user.delete("v1", "Service", "front", "default")
            await world.settle()
            assert FINALIZER in (await get(world))["metadata"]["finalizers"]
            del faults["before"]
            await world.settle(30)
            assert await outside(world) == []
            with pytest.raises(NotFound):
                await get(world)

    run(test)


def test_what_is_gone_already_counts_as_deleted() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            created = await world.create(service())
            await world.settle()
            _, faults = watch_outside(weather)
            # The delete takes effect, its reply is lost: the second try finds nothing.
            lost = iter([True])
            faults["after"] = lambda call: ConnectionLost() if call.verb == "delete" and next(lost, False) else None
            await world.user.delete("v1", "Service", "front", "default")
            await world.settle(30)
            with pytest.raises(NotFound):
                await get(world)
            assert uid_of(created) not in [item["id"] for item in await outside(world)]

    run(test)


def test_a_lost_reply_to_a_create_makes_no_second_load_balancer() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            _, faults = watch_outside(weather)
            lost = iter([True])
            faults["after"] = lambda call: ConnectionLost() if call.verb == "create" and next(lost, False) else None
            await world.create(service())
            await world.settle(30)
            assert len(await outside(world)) == 1
            assert (await get(world))["status"]["loadBalancer"]["ingress"]

    run(test)


def test_a_change_of_type_cleans_up_and_keeps_the_service() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            await world.create(service())
            await world.settle()
            await world.user.patch("v1", "Service", "front", "default", body={"spec": {"type": "ClusterIP"}})
            await world.settle()
            current = await get(world)
            assert await outside(world) == []
            assert not current["metadata"].get("finalizers")
            assert not current["status"].get("loadBalancer")

    run(test)


def test_another_controllers_finalizer_survives() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            held = service()
            held["metadata"]["finalizers"] = ["example.com/hold"]
            await world.create(held)
            await world.settle()
            await world.user.delete("v1", "Service", "front", "default")
            await world.settle()
            assert (await get(world))["metadata"]["finalizers"] == ["example.com/hold"]

    run(test)


@pytest.mark.parametrize("drift", ["deleted", "changed"])
def test_drift_outside_is_repaired_in_time(drift: str) -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            created = await world.create(service())
            await world.settle()
            cloud = world.user.external(SYSTEM)
            if drift == "deleted":
                await cloud.call("delete", uid_of(created))
            else:
                await cloud.call("update", uid_of(created), {"ports": []})
            await world.settle(RESYNC_S + 5)
            (item,) = await outside(world)
            assert [port["port"] for port in item["ports"]] == [80]

    run(test)


def test_a_port_change_reaches_the_outside() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            await world.create(service())
            await world.settle()
            ports = [{"name": "http", "port": 81}]
            await world.user.patch("v1", "Service", "front", "default", body={"spec": {"ports": ports}})
            await world.settle()
            (item,) = await outside(world)
            assert [port["port"] for port in item["ports"]] == [81]

    run(test)


def test_a_load_balancer_that_came_too_late_is_swept_away() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            created = await world.create(service())
            await world.settle()
            await world.user.delete("v1", "Service", "front", "default")
            await world.settle()
            await world.user.external(SYSTEM).call("create", uid_of(created), {"owner": uid_of(created)})
            await world.settle(RESYNC_S + 5)
            assert await outside(world) == []

    run(test)


def test_the_sweep_spares_what_has_no_owner_and_who_is_still_there() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            created = await world.create(service())
            await world.user.external(SYSTEM).call("create", body={"note": "made by hand"})
            await world.settle(RESYNC_S * 2 + 5)
            assert sorted(item["id"] for item in await outside(world)) == sorted(["ext-1", uid_of(created)])

    run(test)


def test_a_stale_list_outside_does_no_harm() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            created = await world.create(service())
            await world.settle()
            stale = {"items": [*(await outside(world)), {"id": "gone", "owner": "gone"}]}
            original = weather.external

            async def external(call: ExternalCall) -> JsonObject | None:
                return stale if call.verb == "list" else await original(call)

            weather.external = external  # type: ignore[method-assign]
            await world.settle(RESYNC_S * 2 + 5)
            assert [item["id"] for item in await outside(world)] == [uid_of(created)]

    run(test)


def test_a_crash_between_any_two_writes_leaves_nothing_behind() -> None:
    async def once(survives: int) -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            calls, faults = watch_outside(weather)

            def steps() -> int:
                return len(weather.writes()) + sum(call.verb not in ("get", "list") for call in calls)

            def cut(_: ApiRequest | ExternalCall) -> ApiError | None:
                return ConnectionLost() if steps() > survives else None

            weather.refuse = lambda request: None if request.is_read else cut(request)
            faults["before"] = lambda call: None if call.verb in ("get", "list") else cut(call)
            await world.create(service())
            await world.settle()
            await world.user.delete("v1", "Service", "front", "default")
            await world.settle()
            await world.crash("load-balancer")
            weather.refuse = lambda _: None
            faults.clear()
            await world.start("load-balancer", load_balancer)
            await world.settle(RESYNC_S + 5)
            assert await outside(world) == [], survives
            with pytest.raises(NotFound):
                await get(world)

    for survives in range(7):

        async def test(survives: int = survives) -> None:
            await once(survives)

        run(test)


def test_a_recreated_service_gets_a_load_balancer_of_its_own() -> None:
    async def test() -> None:
        async with open_world() as world:
            await world.start("load-balancer", load_balancer)
            await world.create(service())
            await world.settle()
            await world.user.delete("v1", "Service", "front", "default")
            await world.settle()
            again = await world.create(service())
            await world.settle()
            assert [item["id"] for item in await outside(world)] == [uid_of(again)]

    run(test)


def test_at_rest_it_writes_nothing() -> None:
    async def test() -> None:
        async with open_world() as world:
            weather = await world.start("load-balancer", load_balancer)
            calls, _ = watch_outside(weather)
            await world.create(service())
            await world.settle()
            calls.clear()
            weather.requests.clear()
            await world.settle(RESYNC_S * 5)
            assert weather.writes() == []
            assert calls
            assert all(call.verb in ("get", "list") for call in calls)

    run(test)
