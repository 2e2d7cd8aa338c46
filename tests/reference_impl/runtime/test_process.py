import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import NotFound
from reference_impl.runtime import Component, Controller, LeadershipLost, Process, Request, Watch, run_process
from tests.reference_impl.runtime.fakes import World, pod, settle


async def _nothing(request: Request) -> None:
    pass


@trio_test
async def test_a_process_of_components_ends_when_they_have_all_returned() -> None:
    world, ran = World(), []

    async def main() -> None:
        world.client.informers.informer_for("v1", "Pod")
        ran.append(await world.client.list("v1", "Pod"))

    await run_process(world.client, Component("agent", main))
    assert ran == [[]]


@trio_test
async def test_an_error_that_leaves_a_component_ends_the_process_alone_and_ungrouped() -> None:
    world = World()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.client.get, "v1", "Pod", "missing", "default")

    with pytest.raises(NotFound):
        await run_process(world.client, [Component("agent", main), Controller("c", _nothing, [Watch("v1", "Pod")])])


@trio_test
async def test_one_part_that_fails_takes_the_others_with_it() -> None:
    world, cleaned_up = World(), []

    async def other() -> None:
        try:
            await trio.sleep_forever()
        finally:
            cleaned_up.append(True)

    async def failing() -> None:
        await settle()
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        await run_process(world.client, [Component("other", other), Component("failing", failing)])
    assert cleaned_up == [True]


@trio_test
async def test_electing_controllers_have_no_caches_and_do_nothing_until_they_lead() -> None:
    world = World()
    world.server.put(pod("a"))
    holder = {"holderIdentity": "another", "leaseDurationSeconds": 15}
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "front", "namespace": "kube-system"},
        "spec": holder,
    }
    world.server.put(lease)
    process = Process(world.client, Controller("c", _nothing, [Watch("v1", "Pod")], leader_election="front"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(process.run)
        await settle()
        await world.clock.elapse(14)
        assert (process.informers, world.probe.reconciles) == ([], [])
        await world.clock.elapse(6)
        assert world.probe.reconciles[-1] == ("done", "a")
        nursery.cancel_scope.cancel()


@trio_test
async def test_losing_the_lease_ends_the_whole_process() -> None:
    world = World()
    electing = Controller("c", _nothing, [Watch("v1", "Pod")], leader_election="front")
    lost = []

    async def run() -> None:
        try:
            await run_process(world.client, [electing, Component("agent", trio.sleep_forever)])
        except LeadershipLost as error:
            lost.append(error.lease)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await settle()
        world.server.hangs = True
        await world.clock.elapse(13)
    assert lost == ["front"]


@trio_test
async def test_an_informer_asked_for_while_the_process_runs_is_started() -> None:
    world = World()
    world.server.put(pod("a"))
    seen = []

    async def main() -> None:
        informer = world.client.informers.informer_for("v1", "Pod")
        await informer.wait_synced()
        seen.extend(informer.items)

    await run_process(world.client, Component("agent", main))
    assert seen == [("default", "a")]


@trio_test
async def test_resync_and_relist_reach_every_informer() -> None:
    world, seen = World(), []
    world.server.put(pod("a"))

    async def reconcile(request: Request) -> None:
        seen.append(request.name)

    process = Process(world.client, Controller("c", reconcile, [Watch("v1", "Pod"), Watch("v1", "Node")]))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(process.run)
        await settle()
        process.resync()
        await settle()
        assert seen == ["a", "a"]
        process.relist()
        await settle()
        assert seen == ["a", "a", "a"]
        assert len(world.server.asked("list")) == 4
        nursery.cancel_scope.cancel()


def test_what_is_no_part_is_refused_with_what_to_return() -> None:
    with pytest.raises(TypeError, match="is it the factory itself"):
        Process(World().client, lambda client: None)  # type: ignore[arg-type]  # that is the point


def test_two_parts_of_one_name_are_refused() -> None:
    part = Component("agent", trio.sleep_forever)
    with pytest.raises(ValueError, match="'agent'"):
        Process(World().client, [part, part])
