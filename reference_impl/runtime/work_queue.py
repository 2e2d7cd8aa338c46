"""client-go's work queue: de-duplicating, never the same key twice at once, with delays and per-key back-off.

    add ──► queued ──get──► processing ──done──► (dirty? queued again)

A key that is added while it is processed becomes dirty and is queued again when it is done, so that the last change is
never lost and one key is never processed by two workers. Back-off is 5 ms doubling to 1,000 s per key.

Deliberately without client-go's second limiter (a bucket of 10 per second, burst 100, over all keys): it shapes load,
and would only stretch virtual time. Nor the priority queue of newer controller-runtime versions.
Source: client-go `util/workqueue/{queue,delaying_queue,default_rate_limiters}.go`.
"""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

import outcome
import trio

from reference_impl.environment import Clock, Timer

K = TypeVar("K", bound=Hashable)

BASE_DELAY_S = 0.005
"""client-go `DefaultTypedControllerRateLimiter`."""
MAX_DELAY_S = 1000.0
"""client-go `DefaultTypedControllerRateLimiter`."""
_LARGEST_EXPONENT = 60
"""2**60 times any base is beyond any sensible cap; a larger exponent would overflow a float at last."""


_TURNED_AWAY = "the work queue was shut down and is empty"


class QueueShutDown(Exception):
    """`get` on a queue that was shut down and is empty."""


class WorkQueue(Generic[K]):
    """A queue of keys waiting to be processed. Everything but `get` is synchronous, and may be called outside a task.

    Args:
        clock: delays are seconds on this clock.
        base_delay_s: first back-off of a key.
        max_delay_s: longest back-off of a key.
    """

    def __init__(self, clock: Clock, *, base_delay_s: float = BASE_DELAY_S, max_delay_s: float = MAX_DELAY_S) -> None:
        self._clock = clock
        self._base_delay_s = base_delay_s
        self._max_delay_s = max_delay_s
        self._queue: deque[K] = deque()
        # Invariant: a key is in _dirty iff it is in _queue, or is processing and will be queued again when done.
        self._dirty: dict[K, None] = {}
        self._processing: dict[K, None] = {}
        self._waiting: dict[K, tuple[float, Timer]] = {}
        self._failures: dict[K, int] = {}
        self._getters: dict[trio.lowlevel.Task, None] = {}
        # Invariant: nobody waits in _getters while something is in _queue.
        self._shut_down = False

    def __len__(self) -> int:
        """Keys ready to be processed; neither those being processed nor those waiting for their time."""
        return len(self._queue)

    @property
    def processing_count(self) -> int:
        """Keys handed out and not yet done."""
        return len(self._processing)

    @property
    def pending_timers(self) -> dict[K, float]:
        """When delayed keys are due, on the queue's monotonic clock."""
        return {key: due_s for key, (due_s, _) in self._waiting.items()}

    def add(self, key: K) -> None:
        """Mark as needing processing."""
        if self._shut_down or key in self._dirty:
            return
        self._dirty[key] = None
        if key not in self._processing:
            self._enqueue(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Add after so many seconds; of several delays for one key the earliest counts."""
        if self._shut_down:
            return
        if seconds <= 0:
            self.add(key)
            return
        due_s = self._clock.monotonic_s() + seconds
        waiting = self._waiting.get(key)
        if waiting is not None:
            if waiting[0] <= due_s:
                return
            waiting[1].cancel()
        self._waiting[key] = (due_s, self._clock.call_later(seconds, lambda: self._due(key)))

    def add_rate_limited(self, key: K) -> None:
        """Add after the key's back-off, which doubles with each call until `forget`."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay_s = self._base_delay_s * 2.0 ** min(failures, _LARGEST_EXPONENT)
        self.add_after(key, min(delay_s, self._max_delay_s))

    def forget(self, key: K) -> None:
        """The key succeeded (or is given up): its back-off starts afresh. Does not take it out of the queue."""
        self._failures.pop(key, None)

    def num_requeues(self, key: K) -> int:
        """How often the key was rate limited since it was last forgotten."""
        return self._failures.get(key, 0)

    async def get(self) -> K:
        """The next key, waiting for one if need be; pass it to `done` afterwards. Raises `QueueShutDown`."""
        if self._queue or self._shut_down:
            await trio.lowlevel.checkpoint()
        if self._queue:
            return self._hand_out()
        if self._shut_down:
            raise QueueShutDown(_TURNED_AWAY)
        task = trio.lowlevel.current_task()
        self._getters[task] = None

        def leave(_: object) -> trio.lowlevel.Abort:
            del self._getters[task]
            return trio.lowlevel.Abort.SUCCEEDED

        key: K = await trio.lowlevel.wait_task_rescheduled(leave)
        return key

    def done(self, key: K) -> None:
        """The key has been processed; if it was added meanwhile it is queued again."""
        self._processing.pop(key, None)
        if key in self._dirty:
            self._enqueue(key)

    def shut_down(self) -> None:
        """Accept nothing more; getters empty the queue and are then turned away. Delayed keys are dropped."""
        self._shut_down = True
        for _, timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        while self._getters:
            trio.lowlevel.reschedule(self._first_getter(), outcome.Error(QueueShutDown(_TURNED_AWAY)))

    def _due(self, key: K) -> None:
        self._waiting.pop(key, None)
        self.add(key)

    def _enqueue(self, key: K) -> None:
        self._queue.append(key)
        if self._getters:
            # Handed over at once: which of several waiting workers runs first must not decide who gets which key.
            trio.lowlevel.reschedule(self._first_getter(), outcome.Value(self._hand_out()))

    def _first_getter(self) -> trio.lowlevel.Task:
        task = next(iter(self._getters))
        del self._getters[task]
        return task

    def _hand_out(self) -> K:
        key = self._queue.popleft()
        del self._dirty[key]
        self._processing[key] = None
        return key
