"""trio under virtual time, stepped from synchronous code: the one file that touches trio's internals.

A kernel runs one trio main task per example and is *pumped* by the host: deliver one message, pump until no task is
runnable, repeat. The host owns time (`VirtualClock`); nothing here ever sleeps or waits for I/O, so threads and sockets
inside a trial are not supported (they would never wake up), except by `RealTimeKernel`, which is for trials of foreign
processes.

Two back ends behind one small interface: `DirectKernel` steps `unrolled_run` itself (a private generator: trio is
bounded to the minor versions that `tests/harness/test_kernel.py` guards), `GuestKernel` uses the public guest mode.
Both give the same trace; a test compares them. Measurements: docs/performance.md.
"""

import gc
import math
import random
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Protocol, cast

import outcome
import trio
from sniffio import thread_local as sniffio_loop
from trio._core import _run

from harness import garbage

PUMPS_AT_STOP_MAX = 1000
"""Rounds that cancelled tasks get to finish; what still refuses is abandoned with its generator (arbitrary)."""


PATIENT_PUMPS = 50
"""Rounds in which cancelled tasks may finish by themselves (arbitrary; clean-up code that awaits takes a few)."""


class Abandoned(BaseException):
    """Raised in a task that shields itself from cancellation when its trial is over."""


_SWITCH = "_ALLOW_DETERMINISTIC_SCHEDULING"
"""trio's own switch for a reproducible task order; it reads it in every round (guarded by a test)."""


class VirtualClock(trio.abc.Clock):
    """trio's view of the host's time. Learns trio's own next deadline, for plug-ins that call bare `trio.sleep`."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.next_deadline_s = math.inf

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        return self.now_s

    def deadline_to_sleep_time(self, deadline: float) -> float:
        # trio asks once per round, when nothing is runnable. Zero: never wait for I/O, the host decides what is next.
        self.next_deadline_s = deadline
        return 0.0


class _TaskOrder:
    """Stands in for trio's private random source: of the tasks that are runnable at once, the oldest goes first.

    Always: an order that no schedule can name could not be shrunk. Tasks meet in other orders because what they wait
    for is late.
    """

    def shuffle(self, batch: list[Any]) -> None:
        batch.reverse()  # trio pops from the end

    def random(self) -> float:
        return 0.0


class Kernel(Protocol):
    clock: VirtualClock
    nursery: trio.Nursery

    def pump(self) -> None:
        """Run tasks until none is runnable and no trio deadline is due."""

    def stop(self) -> None:
        """Cancel everything and end the run. Must be called on every path. Idempotent."""


class _Kernel:
    """What both back ends share: the main task, the switches of trio's scheduler, and how to end."""

    nursery: trio.Nursery

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self._scope = trio.CancelScope()
        self._stopped = False
        self._saved: tuple[Any, ...] = ()

    async def _main(self) -> None:
        with self._scope:
            async with trio.open_nursery() as nursery:
                self.nursery = nursery
                await trio.sleep_forever()

    def _take_over(self) -> None:
        # Kernels nest: fair weather is found out while a storm's world stands still. trio allows one run a thread, so
        # the outer run's context is put aside and handed back (only in stack order, which `with` guarantees).
        context = _run.GLOBAL_RUN_CONTEXT.__dict__
        if not context:
            garbage.a_world_begins()
        self._saved = (vars(_run)[_SWITCH], _run._r, sniffio_loop.name, dict(context), gc.isenabled())
        context.clear()
        # Finalizers run when the collector finds garbage, which depends on what else this process has allocated: not
        # in the middle of a run. (And a world's objects live until it ends: there is little to find before.)
        gc.disable()
        vars(_run)[_SWITCH] = True
        _run._r = cast(random.Random, _TaskOrder())
        sniffio_loop.name = "trio"

    def _hand_back(self) -> None:
        vars(_run)[_SWITCH], _run._r, sniffio_loop.name, context, collecting = self._saved
        _run.GLOBAL_RUN_CONTEXT.__dict__.clear()
        _run.GLOBAL_RUN_CONTEXT.__dict__.update(context)
        if collecting:
            gc.enable()


class DirectKernel(_Kernel):
    """Steps trio's run loop itself. Fastest: see docs/performance.md."""

    def __init__(self) -> None:
        super().__init__()
        self._take_over()
        self._runner = _run.setup_runner(self.clock, [], False, True)
        self._generator: Generator[float, Any, None] = _run.unrolled_run(
            self._runner, cast(Callable[..., Awaitable[object]], self._main), (), host_uses_signal_set_wakeup_fd=True
        )
        next(self._generator)
        self.pump()

    def pump(self) -> None:
        runner, clock = self._runner, self.clock
        runq = runner.runq
        send = self._generator.send
        while runq or clock.next_deadline_s <= clock.now_s:
            send(())
        if runner.ki_pending:
            runner.ki_pending = False
            raise KeyboardInterrupt

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._scope.cancel()
        try:
            for number in range(PUMPS_AT_STOP_MAX):
                # trio wakes itself through a socket while it closes async generators: here real I/O events are needed.
                self._generator.send(self._runner.io_manager.get_events(0))
                if number >= PATIENT_PUMPS and not self._runner.runq:
                    self._wake_the_stubborn()
        except StopIteration:
            pass
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                self._generator.close()
            self._hand_back()
        if self._runner.ki_pending:  # Ctrl-C came while trio was not to be interrupted; nobody else will raise it now
            raise KeyboardInterrupt

    def _wake_the_stubborn(self) -> None:
        """Tasks that shield themselves from cancellation get an exception where they wait."""
        for task in _leaves(self._runner.main_task):
            if task._abort_func is not None:
                trio.lowlevel.reschedule(task, outcome.Error(Abandoned("the trial is over")))


def _leaves(task: trio.lowlevel.Task | None) -> list[trio.lowlevel.Task]:
    """The innermost tasks below this one, oldest first."""
    if task is None:
        return []
    children = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    if not children:
        return [task]
    return [leaf for child in sorted(children, key=lambda t: t._counter) for leaf in _leaves(child)]


class GuestKernel(_Kernel):
    """trio's public guest mode, its callbacks pumped by hand. The cross-check for `DirectKernel`."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: deque[Callable[[], object]] = deque()
        self._finished: list[outcome.Outcome[None]] = []
        self._take_over()
        trio.lowlevel.start_guest_run(
            self._main,
            run_sync_soon_threadsafe=self._callbacks.append,
            done_callback=self._finished.append,
            host_uses_signal_set_wakeup_fd=True,
            clock=self.clock,
            restrict_keyboard_interrupt_to_checkpoints=False,
        )
        while not hasattr(self, "nursery"):
            self._callbacks.popleft()()
        self.pump()

    def pump(self) -> None:
        # A guest tick is always scheduled, since the clock never lets trio wait; tasks_runnable tells whether it works.
        clock, callbacks = self.clock, self._callbacks
        while True:
            if not trio.lowlevel.current_statistics().tasks_runnable and clock.next_deadline_s > clock.now_s:
                return
            callbacks.popleft()()

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._scope.cancel()
        try:
            for _ in range(PUMPS_AT_STOP_MAX):
                if self._finished:
                    break
                self._callbacks.popleft()()
        finally:
            self._hand_back()


class RealTimeKernel(DirectKernel):
    """Steps trio's run loop as `DirectKernel` does, and lets its tasks use sockets: for worlds in real time.

    The host still owns the clock. `listen` waits for the network of the machine, `hear` lets tasks have what came.
    """

    def pump(self) -> None:
        runner, clock = self._runner, self.clock
        send = self._generator.send
        while runner.runq or clock.next_deadline_s <= clock.now_s:
            send(runner.io_manager.get_events(0))
        if runner.ki_pending:
            runner.ki_pending = False
            raise KeyboardInterrupt

    def listen(self, seconds: float) -> Any:
        """Block until a socket is ready, or for so many real seconds."""
        return self._runner.io_manager.get_events(max(0.0, seconds))

    def hear(self, events: Any) -> None:
        """Wake whoever waits for these sockets, and run until nobody is runnable."""
        self._generator.send(events)
        self.pump()


KERNELS: dict[str, Callable[[], Kernel]] = {
    "direct": DirectKernel,
    "guest": GuestKernel,
    "real_time": RealTimeKernel,
}
