"""What a handler answers decides when its key comes back."""

from collections.abc import Callable

import trio

from reference_impl.controllers.key_loop import insist, work
from reference_impl.errors import ConnectionLost
from reference_impl.runtime import Retry, WorkQueue
from tests.reference_impl.controllers.world import VirtualClock, run


async def times_of(handle: Callable[[int], float | None], seconds: float) -> list[float]:
    """When the handler, given the number of its call, was called within so many virtual seconds."""
    times: list[float] = []

    async def record(_: str) -> float | None:
        times.append(round(trio.current_time(), 3))
        return handle(len(times))

    async with trio.open_nursery() as nursery:
        queue: WorkQueue[str] = WorkQueue(VirtualClock(nursery))
        queue.add("key")
        nursery.start_soon(work, queue, record)
        await trio.sleep(seconds)
        nursery.cancel_scope.cancel()
    return times


def test_none_is_done_and_a_number_comes_back() -> None:
    async def test() -> None:
        assert await times_of(lambda call: 5 if call == 1 else None, 100) == [0, 5]

    run(test)


def test_errors_come_back_with_growing_delay() -> None:
    def fail(call: int) -> None:
        if call < 4:
            raise ConnectionLost

    async def test() -> None:
        assert await times_of(fail, 100) == [0, 0.005, 0.015, 0.035]

    run(test)


def test_a_retry_may_say_when() -> None:
    def retry(call: int) -> None:
        if call == 1:
            raise Retry(after_s=7)

    async def test() -> None:
        assert await times_of(retry, 100) == [0, 7]

    run(test)


def test_insisting_goes_on_until_it_works() -> None:
    async def test() -> None:
        calls: list[float] = []

        async def attempt() -> str:
            calls.append(round(trio.current_time(), 3))
            if len(calls) < 3:
                raise ConnectionLost
            return "done"

        async with trio.open_nursery() as nursery:
            assert await insist(VirtualClock(nursery), attempt) == "done"
        assert calls == [0, 0.1, 0.3]

    run(test)
