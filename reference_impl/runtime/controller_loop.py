"""Runs one controller: waits for its caches, takes keys from its queue, and heeds what `reconcile` answers.

Source: controller-runtime `pkg/internal/controller/controller.go`. What it does not do: panics are never recovered
(a Python exception that is no `ApiError`, `Retry` or `Terminal` ends the process), and there is no cache sync timeout.
"""

import logging
from collections.abc import Callable

import trio

from reference_impl.environment import Probe, Timer
from reference_impl.errors import ApiError
from reference_impl.runtime.client import Client
from reference_impl.runtime.contract import Controller, Request, Result, Retry, Terminal, Watch
from reference_impl.runtime.event_handler import Mapper, handler_for
from reference_impl.runtime.informer import Handler, Informer
from reference_impl.runtime.supervision import leaves
from reference_impl.runtime.work_queue import QueueShutDown, WorkQueue

_log = logging.getLogger(__name__)


class ControllerLoop:
    """One controller at work. `queue` and `informers` may be looked at from outside."""

    def __init__(self, client: Client, controller: Controller) -> None:
        self.client = client
        self.controller = controller
        self.queue: WorkQueue[Request] = WorkQueue(client.environment.clock)
        self.informers: list[Informer] = []
        """In the order of the controller's watches, each once; empty until it runs (a standby has no caches)."""
        self._mapper = Mapper(self.queue.add)
        self._handlers: list[tuple[Informer, Handler]] = []
        self._resync_timer: Timer | None = None

    @property
    def idle(self) -> bool:
        """Nothing queued, nothing being reconciled, nothing being mapped. Delayed keys may be waiting."""
        return not len(self.queue) and not self.queue.processing_count and self._mapper.idle

    async def run(self) -> None:
        """For ever; raises what is a panic, out of a nursery's exception group."""
        async with trio.open_nursery() as nursery:
            try:
                self._watch()
                nursery.start_soon(self._mapper.run, name=f"{self.controller.name} mapper")
                for informer in self.informers:
                    await informer.wait_synced()
                self._schedule_resync()
                for number in range(self.controller.workers):
                    nursery.start_soon(self._work, name=f"{self.controller.name} worker {number}")
                await trio.sleep_forever()
            finally:
                self.queue.shut_down()
                if self._resync_timer is not None:
                    self._resync_timer.cancel()

    # ------------------------------------------------------------------------------------------------------ watches

    def _watch(self) -> None:
        # All informers before any handler: an owner's scope is looked up in the cache of another watch.
        informers = [self._informer_for(watch) for watch in self.controller.watches]
        self.informers = list(dict.fromkeys(informers))
        for watch, informer in zip(self.controller.watches, informers, strict=True):
            handler = handler_for(
                watch,
                self.controller,
                enqueue=self.queue.add,
                mapper=self._mapper,
                find_informer=self._informer_for,
            )
            self._handlers.append((informer, handler))
            informer.add_handler(handler)

    def _informer_for(self, watch: Watch) -> Informer:
        return self.client.informers.informer_for(
            watch.api_version, watch.kind, watch.namespace, watch.labels, watch.fields
        )

    def _schedule_resync(self) -> None:
        environment = self.client.environment
        period_s = self.controller.resync_s
        if period_s is not None and environment.options.get("resync") is not False:
            self._resync_timer = environment.clock.call_later(period_s, self._resync, heartbeat=True)

    def _resync(self) -> None:
        for informer, handler in self._handlers:
            informer.resync(handler)
        self._schedule_resync()

    # ------------------------------------------------------------------------------------------------------ workers

    async def _work(self) -> None:
        while True:
            try:
                request = await self.queue.get()
            except QueueShutDown:
                return
            await self._reconcile(request)
            self.queue.done(request)

    async def _reconcile(self, request: Request) -> None:
        probe = self.client.environment.probe
        name = self.controller.name
        probe.reconcile_started(name, request.namespace, request.name)
        error: BaseException | None = None
        try:
            result = await self.controller.reconcile(request)
            outcome, act = self._heed_result(request, result)
        except Exception as raised:
            # A cancellation is not an Exception and passes through: the process dies in the middle of its reconcile.
            error = raised
            heeded = self._heed_error(request, raised)
            if heeded is None:
                _finished(probe, name, request, "panic", raised)
                raise
            outcome, act = heeded
        act()
        _finished(probe, name, request, outcome, error)

    def _heed_result(self, request: Request, result: Result | None) -> "_Requeue":
        if result is None:
            return "done", lambda: self.queue.forget(request)
        if not isinstance(result, Result):
            raise TypeError(
                f"reconcile of controller {self.controller.name!r} returned {result!r} for {request}, which says "
                "nothing about when to come back: return None when done, or Result(...)"
            )
        if result.requeue_after_s:
            delay_s = result.requeue_after_s

            def come_back() -> None:
                self.queue.forget(request)
                self.queue.add_after(request, delay_s)

            return "requeue_after", come_back
        if result.requeue:
            return "requeue", lambda: self.queue.add_rate_limited(request)
        return "done", lambda: self.queue.forget(request)

    def _heed_error(self, request: Request, error: Exception) -> "_Requeue | None":
        """None: it is a panic."""
        causes = list(leaves(error))
        if not all(isinstance(cause, (ApiError, Retry, Terminal)) for cause in causes):
            return None
        if all(isinstance(cause, Terminal) for cause in causes):
            _log.info("controller %s gives up on %s: %s", self.controller.name, request, error)
            # Its back-off is kept, as controller-runtime keeps it: the next error counts on.
            return "terminal", _do_nothing
        delays_s = [cause.after_s for cause in causes if isinstance(cause, Retry) and cause.after_s is not None]
        if delays_s:
            return "error", lambda: self.queue.add_after(request, max(delays_s))
        return "error", lambda: self.queue.add_rate_limited(request)


_Requeue = tuple[str, Callable[[], None]]
"""(outcome as the probe hears it, what becomes of the key)"""


def _do_nothing() -> None:
    pass


def _finished(probe: Probe, controller: str, request: Request, outcome: str, error: BaseException | None) -> None:
    probe.reconcile_finished(controller, request.namespace, request.name, outcome, error)
