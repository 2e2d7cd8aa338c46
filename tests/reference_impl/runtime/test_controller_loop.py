from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import Conflict, InternalError
from reference_impl.runtime import Controller, Process, Request, Result, Retry, Terminal, Watch
from tests.reference_impl.runtime.fakes import World, pod, settle

Reconcile = Callable[[Request], Awaitable[Result | None]]


@asynccontextmanager
async def running(world: World, reconcile: Reconcile, **options: Any) -> AsyncIterator[Process]:
    watches = options.pop("watches", [Watch("v1", "Pod")])
    process = Process(world.client, Controller("pods", reconcile, watches, **options))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(process.run)
        await settle()
        yield process
        nursery.cancel_scope.cancel()


def answering(*answers: Result | Exception | None) -> tuple[Reconcile, list[Request]]:
    """A reconcile that gives these answers in turn, and then None."""
    remaining, seen = list(answers), []

    async def reconcile(request: Request) -> Result | None:
        seen.append(request)
        answer = remaining.pop(0) if remaining else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    return reconcile, seen


async def times_s(world: World, *answers: Result | Exception | None, until_s: float = 100) -> list[float]:
    """When a single pod is reconciled, if reconcile answers so."""
    at_s: list[float] = []
    answer, _ = answering(*answers)

    async def reconcile(request: Request) -> Result | None:
        at_s.append(round(world.clock.now_s, 6))
        return await answer(request)

    world.server.put(pod("a"))
    async with running(world, reconcile):
        await world.clock.elapse(until_s)
    return at_s


@trio_test
async def test_what_exists_is_reconciled_at_start_and_what_changes_afterwards() -> None:
    world = World()
    world.server.put(pod("a"))
    reconcile, seen = answering()
    async with running(world, reconcile):
        assert seen == [Request("default", "a")]
        world.server.put(pod("b"))
        await settle()
        world.server.remove("Pod", "b")
        await settle()
        assert seen[1:] == [Request("default", "b")] * 2


@trio_test
async def test_nothing_is_reconciled_before_all_caches_have_synced() -> None:
    world = World()
    world.server.put(pod("a"))
    world.server.plan("list", InternalError(), InternalError())  # both kinds fail at first
    reconcile, seen = answering()
    async with running(world, reconcile, watches=[Watch("v1", "Pod"), Watch("v1", "Node")]) as process:
        while not process.informers[0].synced:
            assert seen == []
            await world.clock.elapse(0.1)
        while not process.informers[1].synced:
            assert seen == []
            await world.clock.elapse(0.1)
        await settle()
        assert seen == [Request("default", "a")]


@trio_test
async def test_an_api_error_is_retried_after_the_keys_back_off() -> None:
    assert await times_s(World(), Conflict(), Conflict(), Conflict()) == [0, 0.005, 0.015, 0.035]


@trio_test
async def test_retry_is_an_error_and_may_name_its_delay() -> None:
    assert await times_s(World(), Retry(), Retry(after_s=7)) == [0, 0.005, 7.005]


@trio_test
async def test_a_terminal_error_is_not_retried() -> None:
    world = World()
    assert await times_s(world, Terminal("bad spec")) == [0]
    assert world.probe.reconciles == [("started", "a"), ("terminal", "a")]


@trio_test
async def test_requeue_after_comes_back_in_time_and_forgets_the_back_off() -> None:
    answers = (Conflict(), Conflict(), Result(requeue_after_s=30), Conflict())
    assert await times_s(World(), *answers) == [0, 0.005, 0.015, 30.015, 30.02]


@trio_test
async def test_requeue_comes_back_after_the_keys_back_off() -> None:
    assert await times_s(World(), Result(requeue=True), Result(requeue=True)) == [0, 0.005, 0.015]


@trio_test
async def test_success_forgets_the_back_off() -> None:
    world = World()
    reconcile, _ = answering(Conflict(), None)
    world.server.put(pod("a"))
    async with running(world, reconcile) as process:
        await world.clock.elapse(1)
        assert process.loops[0].queue.num_requeues(Request("default", "a")) == 0


@trio_test
async def test_a_key_is_never_reconciled_twice_at_once_whatever_the_number_of_workers() -> None:
    world = World()
    active: dict[str, int] = {}
    most: dict[str, int] = {}
    entered = 0

    async def reconcile(request: Request) -> None:
        nonlocal entered
        entered += 1
        active[request.name] = active.get(request.name, 0) + 1
        most[request.name] = max(most.get(request.name, 0), active[request.name])
        await world.client.sleep(1)
        active[request.name] -= 1

    async with running(world, reconcile, workers=3):
        for _ in range(3):
            world.server.put(pod("a"))
            world.server.put(pod("b"))
            await settle()
        assert sum(active.values()) == 2  # different keys do run at once
        await world.clock.elapse(3)
    assert most == {"a": 1, "b": 1}
    assert entered == 4  # the changes made meanwhile led to one more pass each


@trio_test
async def test_the_probe_hears_how_each_reconcile_ended() -> None:
    world = World()
    await times_s(world, Conflict(), Result(requeue=True), Result(requeue_after_s=1), None)
    assert [what for what, _ in world.probe.reconciles if what != "started"] == [
        "error",
        "requeue",
        "requeue_after",
        "done",
    ]


@trio_test
async def test_any_other_exception_is_a_panic_and_leaves_the_process_as_it_is() -> None:
    world = World()
    world.server.put(pod("a"))
    reconcile, _ = answering(ZeroDivisionError("boom"))
    with pytest.raises(ZeroDivisionError, match="boom"):
        await Process(world.client, Controller("pods", reconcile, [Watch("v1", "Pod")])).run()
    assert world.probe.reconciles[-1] == ("panic", "a")


@trio_test
async def test_an_exception_group_of_api_errors_is_an_error_and_not_a_panic() -> None:
    group = ExceptionGroup("children", [Conflict(), ExceptionGroup("nested", [Retry()])])
    assert await times_s(World(), group) == [0, 0.005]


@trio_test
async def test_an_exception_group_with_anything_else_is_a_panic() -> None:
    world = World()
    world.server.put(pod("a"))
    reconcile, _ = answering(ExceptionGroup("children", [Conflict(), KeyError("spec")]))
    with pytest.raises(KeyError, match="spec"):
        await Process(world.client, Controller("pods", reconcile, [Watch("v1", "Pod")])).run()


@trio_test
async def test_a_result_that_is_none_of_ours_is_a_panic_that_says_what_to_return() -> None:
    world = World()
    world.server.put(pod("a"))

    async def reconcile(request: Request) -> Any:
        return True

    with pytest.raises(TypeError, match="return None when done, or Result"):
        await Process(world.client, Controller("pods", reconcile, [Watch("v1", "Pod")])).run()


@trio_test
async def test_a_crash_in_the_middle_of_a_reconcile_is_not_reported_as_finished() -> None:
    world = World()
    world.server.put(pod("a"))

    async def reconcile(request: Request) -> None:
        await trio.sleep_forever()

    async with running(world, reconcile):
        assert world.probe.reconciles == [("started", "a")]
    assert world.probe.reconciles == [("started", "a")]


@trio_test
async def test_resync_reconciles_everything_again_periodically_as_a_heartbeat() -> None:
    world = World()
    world.server.put(pod("a"))
    reconcile, seen = answering()
    async with running(world, reconcile, resync_s=60):
        assert world.clock.pending == [(60, True)]
        await world.clock.elapse(121)
        assert len(seen) == 3


@trio_test
async def test_the_environment_can_switch_periodic_resync_off() -> None:
    world = World(resync=False)
    reconcile, _ = answering()
    async with running(world, reconcile, resync_s=60):
        assert world.clock.pending == []


@trio_test
async def test_idle_means_nothing_queued_or_running() -> None:
    world = World()
    world.server.put(pod("a"))

    async def reconcile(request: Request) -> None:
        await world.client.sleep(1)

    async with running(world, reconcile) as process:
        assert not process.idle
        await world.clock.elapse(1)
        assert process.idle
