"""Notices controller code that keeps the event loop: an endless loop without `await`, or a blocking call.

A timer signal looks in every second; if the kernel has not finished a pump for 10 wall seconds, it raises `LoopBlocked`
in the code that hangs. Only in the main thread of a Unix process: elsewhere Python cannot interrupt running code, and
such a trial hangs (documented).
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from harness.errors import LoopBlocked
from harness.process import CURRENT

BLOCKED_AFTER_WALL_S = 10
"""Issue and interface: code that blocks the loop for 10 wall seconds is reported with exit code 3."""


_ENDING: Final[tuple[tuple[signal.Signals, Any], ...]] = (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
)
"""Signals that end a run, and what Python does about them by itself."""


class _Beat:
    """Touched by whoever runs a world: how many deliveries there were, and whether Ctrl-C was pressed."""

    count = 0
    interrupts = 0

    def raise_interrupt(self) -> None:
        """At a moment when no simulated code runs: an interrupt in the middle of a task would end the wrong thing."""
        if self.interrupts:
            self.interrupts = 0
            raise KeyboardInterrupt


BEAT = _Beat()


@contextmanager
def interruptible() -> Iterator[None]:
    """While the block runs, Ctrl-C is raised between two deliveries; pressed a second time, at once. So are the signals
    by which others end a job (SIGTERM, SIGHUP): what was found is written, and no process that was started stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(_signal: int, _frame: FrameType | None) -> None:
        BEAT.interrupts += 1
        if BEAT.interrupts > 1:
            BEAT.raise_interrupt()

    # What is not as Python leaves it is somebody else's; or ours, in an outer block.
    ours = {number: usual for number, usual in _ENDING if signal.getsignal(number) is usual}
    for number in ours:
        signal.signal(number, note)
    try:
        yield
        if ours:
            BEAT.raise_interrupt()
    finally:
        if ours:
            BEAT.interrupts = 0
        for number, usual in ours.items():
            signal.signal(number, usual)


@contextmanager
def watchdog() -> Iterator[None]:
    """While the block runs, code that does not yield for 10 wall seconds gets LoopBlocked."""
    usable = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if not usable or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    seen = {"count": -1, "ticks": 0}

    def look(_signal: int, frame: FrameType | None) -> None:
        life = CURRENT.get()
        if BEAT.count != seen["count"] or life is None:
            seen["count"], seen["ticks"] = BEAT.count, 0
            return
        seen["ticks"] += 1
        if seen["ticks"] >= BLOCKED_AFTER_WALL_S:
            where = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "unknown code"
            raise LoopBlocked(
                f"{life.process.name} kept the event loop for {BLOCKED_AFTER_WALL_S} s at {where}. "
                "Put an `await` into the loop, or move the blocking call out of the controller."
            )

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
