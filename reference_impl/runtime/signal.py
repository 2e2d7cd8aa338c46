"""Waking tasks from synchronous callbacks, in a fixed order.

`trio.Event` keeps its waiters in a set and wakes them in an order that differs from run to run; a parking lot keeps
them in order. Nothing here has side effects when cancelled, because trio does not fix the order of abort functions.
"""

import trio

from reference_impl.environment import Clock, Heartbeat


class Signal:
    """Something that has happened, or not yet. Waiters wake in the order in which they came."""

    __slots__ = ("_lot", "_set")

    def __init__(self) -> None:
        self._set = False
        self._lot = trio.lowlevel.ParkingLot()

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        """It has happened. May be called outside any task."""
        self._set = True
        if self._lot:
            self._lot.unpark_all()

    def clear(self) -> None:
        """Not any more: whoever waits from now on waits for the next time."""
        self._set = False

    async def wait(self) -> None:
        """Return once it has happened; at once if it already has."""
        if self._set:
            await trio.lowlevel.checkpoint()
        while not self._set:
            await self._lot.park()


async def clock_sleep(clock: Clock, seconds: float, *, heartbeat: Heartbeat = False) -> None:
    """Sleep on this clock. `heartbeat`: see `environment.Heartbeat`."""
    if seconds <= 0:
        await trio.lowlevel.checkpoint()
        return
    await wait_or_timeout(Signal(), clock, seconds, heartbeat=heartbeat)


async def wait_or_timeout(signal: Signal, clock: Clock, seconds: float, *, heartbeat: Heartbeat = False) -> bool:
    """Wait until the signal is set, for at most so many seconds on this clock. True: it was set; False: time ran out.

    Running out sets nothing: the signal is left as it is.
    """
    if signal.is_set():
        await trio.lowlevel.checkpoint()
        return True
    expired = False

    def expire() -> None:
        nonlocal expired
        expired = True
        signal._lot.unpark_all()

    timer = clock.call_later(seconds, expire, heartbeat=heartbeat)
    try:
        while not (expired or signal.is_set()):
            await signal._lot.park()
    finally:
        timer.cancel()
    return signal.is_set()
