import trio
from trio.testing import trio_test

from reference_impl.runtime.signal import Signal, clock_sleep, wait_or_timeout
from tests.reference_impl.runtime.fakes import FakeClock, settle


@trio_test
async def test_waiters_go_on_once_it_is_set() -> None:
    signal, went_on = Signal(), []

    async def wait() -> None:
        await signal.wait()
        went_on.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await settle()
        assert went_on == []
        signal.set()
    assert went_on == [True]


@trio_test
async def test_a_cleared_signal_is_waited_for_anew() -> None:
    signal = Signal()
    signal.set()
    await signal.wait()
    signal.clear()
    with trio.move_on_after(0) as scope:
        await signal.wait()
    assert scope.cancelled_caught


@trio_test
async def test_a_wait_ends_with_the_signal_or_with_its_time() -> None:
    signal, clock, answers = Signal(), FakeClock(), []

    async def wait() -> None:
        answers.append(await wait_or_timeout(signal, clock, 5))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await clock.elapse(5)
        nursery.start_soon(wait)
        await settle()
        signal.set()
    assert answers == [False, True]
    assert clock.pending == []


@trio_test
async def test_a_cancelled_sleep_leaves_no_timer_behind() -> None:
    clock = FakeClock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: clock_sleep(clock, 5, heartbeat=True))
        await settle()
        assert clock.pending == [(5, True)]
        nursery.cancel_scope.cancel()
    assert clock.pending == []
