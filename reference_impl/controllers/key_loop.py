"""A worker over a work queue, for programs that are not reconcilers of one kind (garbage collector, kubelet).

It heeds an outcome as the controller loop does: an `ApiError` or `Retry` brings the key back with its back-off, a
number brings it back after so many virtual seconds, None is done until something changes.
Source: client-go workqueue example.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from reference_impl.environment import Clock
from reference_impl.errors import ApiError
from reference_impl.runtime import Retry, WorkQueue, clock_sleep

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

INITIAL_RETRY_S = 0.1
MAX_RETRY_S = 7.0
"""Both as the kubelet's lease controller: 100 ms doubling to 7 s."""


async def work(queue: WorkQueue[K], handle: Callable[[K], Awaitable[float | None]]) -> None:
    """Process keys for ever. What `handle` raises besides `ApiError` and `Retry` ends the process."""
    while True:
        key = await queue.get()
        try:
            again_in_s = await handle(key)
        except Retry as retry:
            if retry.after_s is None:
                queue.add_rate_limited(key)
            else:
                queue.add_after(key, retry.after_s)
        except ApiError:
            queue.add_rate_limited(key)
        else:
            queue.forget(key)
            if again_in_s is not None:
                queue.add_after(key, again_in_s)
        queue.done(key)


async def insist(clock: Clock, attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until it succeeds, waiting longer and longer after each `ApiError`: what a program cannot start without."""
    delay_s = INITIAL_RETRY_S
    while True:
        try:
            return await attempt()
        except ApiError:
            await clock_sleep(clock, delay_s)
            delay_s = min(delay_s * 2, MAX_RETRY_S)
