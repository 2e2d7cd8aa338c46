"""The one file that touches trio's internals: both back ends, nesting, time, and the end of a run."""

import gc
import math
from typing import Any

import outcome
import pytest
import trio
from trio._core import _run

from harness.kernel import KERNELS, DirectKernel, Kernel

BACK_ENDS = list(KERNELS)


class Parked:
    """Tasks that wait to be woken by the host, in the order in which they ran."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.tasks: dict[str, trio.lowlevel.Task] = {}
        self.log: list[Any] = []

    async def run(self, name: str) -> None:
        try:
            while True:
                self.tasks[name] = trio.lowlevel.current_task()
                value = await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.SUCCEEDED)
                self.log.append((name, value))
        finally:
            self.log.append((name, "ended"))

    def wake(self, name: str, value: object) -> None:
        trio.lowlevel.reschedule(self.tasks[name], outcome.Value(value))


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_waking_a_task_runs_it_before_the_pump_returns(back_end: str) -> None:
    kernel = KERNELS[back_end]()
    parked = Parked(kernel)
    kernel.nursery.start_soon(parked.run, "a")
    kernel.pump()
    parked.wake("a", 1)
    kernel.pump()
    assert parked.log == [("a", 1)]
    kernel.stop()


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_of_tasks_awake_at_once_the_oldest_goes_first(back_end: str) -> None:
    kernel = KERNELS[back_end]()
    parked = Parked(kernel)
    for name in "abc":
        kernel.nursery.start_soon(parked.run, name)
    kernel.pump()
    for name in "cab":
        parked.wake(name, 0)
    kernel.pump()
    assert [name for name, _ in parked.log] == ["a", "b", "c"]
    kernel.stop()


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_bare_trio_sleep_ends_when_the_host_moves_time(back_end: str) -> None:
    kernel = KERNELS[back_end]()
    woken: list[float] = []

    async def sleeper() -> None:
        await trio.sleep(5)
        woken.append(trio.current_time())

    kernel.nursery.start_soon(sleeper)
    kernel.pump()
    assert kernel.clock.next_deadline_s == 5.0
    kernel.clock.now_s = 4.9
    kernel.pump()
    assert woken == []
    kernel.clock.now_s = 5.0
    kernel.pump()
    assert woken == [5.0]
    assert kernel.clock.next_deadline_s == math.inf
    kernel.stop()


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_stopping_ends_every_task_and_frees_the_thread(back_end: str) -> None:
    kernel = KERNELS[back_end]()
    parked = Parked(kernel)
    kernel.nursery.start_soon(parked.run, "a")
    kernel.pump()
    kernel.stop()
    kernel.stop()
    assert parked.log == [("a", "ended")]
    assert trio.run(trio.sleep, 0) is None


def test_a_task_that_refuses_to_end_does_not_poison_the_thread() -> None:
    kernel = DirectKernel()

    async def stubborn() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    kernel.nursery.start_soon(stubborn)
    kernel.pump()
    kernel.stop()
    assert trio.run(trio.sleep, 0) is None


def test_kernels_nest_and_the_outer_one_goes_on() -> None:
    outer = DirectKernel()
    outside = Parked(outer)
    outer.nursery.start_soon(outside.run, "outer")
    outer.pump()
    inner = DirectKernel()
    inside = Parked(inner)
    inner.nursery.start_soon(inside.run, "inner")
    inner.pump()
    inside.wake("inner", 1)
    inner.pump()
    inner.stop()
    outside.wake("outer", 2)
    outer.pump()
    assert (inside.log[0], outside.log) == (("inner", 1), [("outer", 2)])
    outer.stop()


def test_trio_still_has_the_switches_that_determinism_rests_on() -> None:
    assert isinstance(_run._ALLOW_DETERMINISTIC_SCHEDULING, bool)
    assert hasattr(_run._r, "shuffle")
    before = (_run._ALLOW_DETERMINISTIC_SCHEDULING, _run._r)
    DirectKernel().stop()
    assert (_run._ALLOW_DETERMINISTIC_SCHEDULING, _run._r) == before


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_no_finalizer_runs_in_the_middle_of_a_run(back_end: str) -> None:
    assert gc.isenabled()
    outer = KERNELS[back_end]()
    inner = KERNELS[back_end]()
    inner.stop()
    assert not gc.isenabled()
    outer.stop()
    assert gc.isenabled()
