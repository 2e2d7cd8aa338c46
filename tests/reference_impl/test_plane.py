import pytest
import trio
import trio.testing

from reference_impl.errors import Gone, NotFound, TooLargeResourceVersion
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import ApiRequest, ExternalCall


def request(verb, name=None, **options):
    options.setdefault("namespace", "default")
    return ApiRequest(verb=verb, api_version="v1", kind="ConfigMap", name=name, **options)


def config_map(name):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


def run(test, **options):
    async def main():
        async with trio.open_nursery() as nursery:
            await test(LocalPlane(RealClock(nursery), **options), nursery)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_a_transport_carries_requests_and_watches():
    async def test(plane, nursery):
        transport, seen, closed = plane.transport(), [], []
        stream = await transport.watch(request("watch"), seen.append, closed.append)
        await transport.request(request("create", body=config_map("a")))
        stream.close()
        await transport.request(request("delete", "a"))
        assert [event.type for event in seen] == ["ADDED"]
        assert closed == []
        with pytest.raises(NotFound):
            await transport.request(request("get", "a"))

    run(test)


def test_a_watch_with_a_timeout_is_closed_by_the_server():
    async def test(plane, nursery):
        closed = []
        await plane.transport().watch(request("watch", timeout_s=30), lambda event: None, closed.append)
        await plane.clock.sleep(29)
        assert closed == []
        await plane.clock.sleep(2)
        assert closed == [None]

    run(test)


def test_a_refused_watch_raises():
    async def test(plane, nursery):
        plane.store.compact(plane.store.revision)
        with pytest.raises(Gone):
            await plane.transport().watch(
                request("watch", resource_version="1"), lambda event: None, lambda error: None
            )

    run(test)


def test_a_read_waits_three_seconds_for_a_revision_that_does_not_come():
    async def test(plane, nursery):
        start_s = plane.clock.monotonic_s()
        with pytest.raises(TooLargeResourceVersion):
            await plane.transport().request(request("list", resource_version="999"))
        assert 3 <= plane.clock.monotonic_s() - start_s < 3.2

    run(test)


def test_a_read_is_answered_once_the_revision_has_come():
    async def test(plane, nursery):
        asked = str(plane.store.revision + 1)
        body = config_map("a")
        plane.clock.call_later(1, lambda: plane.servers[0].handle(request("create", body=body)))
        listed = await plane.transport().request(request("list", resource_version=asked))
        assert len(listed["items"]) == 1

    run(test)


def test_a_cancelled_timer_does_not_fire_and_can_be_cancelled_twice():
    async def test(plane, nursery):
        fired = []
        timer = plane.clock.call_later(1, lambda: fired.append(1))
        timer.cancel()
        timer.cancel()
        await plane.clock.sleep(2)
        assert fired == []

    run(test)


def test_replicas_share_the_store_and_outside_systems_are_shared_too():
    async def test(plane, nursery):
        one, other = plane.transport(0), plane.transport(1)
        await one.request(request("create", body=config_map("a")))
        assert await other.request(request("get", "a", resource_version="0"))
        await one.external(ExternalCall(system="dns", verb="create", key="k", body={}))
        assert (await other.external(ExternalCall(system="dns", verb="get", key="k")))["id"] == "k"

    run(test, servers=2)


def test_environments_differ_in_randomness_by_name_and_instance():
    async def test(plane, nursery):
        numbers = [
            plane.environment(name, instance=instance).random.random()
            for name, instance in (("a", 0), ("a", 0), ("a", 1), ("b", 0))
        ]
        assert numbers[0] == numbers[1]
        assert len({*numbers}) == 3

    run(test)
