"""The one heap of everything that will happen: messages and timers, ordered by (due time, sequence).

The network knows nothing of what it carries: an entry is a callback. It is calm: messages take no time and arrive in
the order in which they were sent. What is late has been kept back by the weather, which meets each as it arrives.
Messages of one `Channel` never overtake each other (one TCP connection, one watch stream).
"""

import heapq
import math
from collections.abc import Callable

from reference_impl.environment import Heartbeat

CROWD_MAX = 1000
CROWD_LEAVES_PER_S = 100.0
CROWDED_S = 0.05
"""Messages take no time, so a busy loop would take none either and nothing due later (the end of a
hold, a lease's expiry) would ever come. When more than a thousand messages crowd together, each takes 50 ms; a crowd
thins out by a hundred a virtual second. Arbitrary, and far above what a plane does that is not in a loop."""


_FIRST, _IN_TURN = -1, 0
"""Of what is due at the same instant."""


SIGNS_ARRIVE_S = 1.0
"""How long nobody looks for the signs of life that a lull has left out, so that they arrive first."""


class Entry:
    """Something due. `kind`: message, timer or heartbeat (periodic upkeep that goes on for ever)."""

    __slots__ = ("action", "cancelled", "clock", "due_s", "kind", "left_out", "owner", "period_s", "upkeep")

    def __init__(self, due_s: float, kind: str, action: Callable[[], None], owner: object) -> None:
        self.due_s = due_s
        self.kind = kind
        self.action = action
        self.owner = owner
        self.cancelled = False
        """Taken back, or done."""
        self.clock: object = None
        """Whose clock it was set by, of a timer."""
        self.upkeep = ""
        """"sign" or "check" (`reference_impl.environment.Heartbeat`): may be left out in a lull."""
        self.period_s = 0.0
        self.left_out = False

    def cancel(self) -> None:
        self.cancelled = True


class Channel:
    """One direction of one connection: first in, first out."""

    __slots__ = ("due_s",)

    def __init__(self) -> None:
        self.due_s = 0.0


class Network:
    """The heap and the clock that it drives."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.messages = 0
        """Messages under way; timers do not count."""
        self._crowd = 0.0
        self._heap: list[tuple[float, int, int, Entry]] = []
        self._sequence = 0
        self._lull = False
        self._left_out: list[Entry] = []

    def send(
        self, channel: Channel, action: Callable[[], None], *, extra_s: float = 0.0, owner: object = None
    ) -> Entry:
        """Put a message on its way; it arrives after `extra_s` and after all that its channel carries."""
        if self._crowd > CROWD_MAX:
            extra_s += CROWDED_S
        self._sequence += 1
        channel.due_s = due_s = max(channel.due_s, self.now_s + extra_s)
        entry = Entry(due_s, "message", action, owner)
        self.messages += 1
        heapq.heappush(self._heap, (due_s, _IN_TURN, self._sequence, entry))
        return entry

    def again(self, action: Callable[[], None], due_s: float, *, owner: object = None) -> Entry:
        """A message that already travelled and was kept back: due at `due_s`, behind all that is due then."""
        self._sequence += 1
        entry = Entry(due_s, "message", action, owner)
        self.messages += 1
        heapq.heappush(self._heap, (due_s, _IN_TURN, self._sequence, entry))
        return entry

    def call_at(
        self,
        due_s: float,
        action: Callable[[], None],
        *,
        heartbeat: Heartbeat = False,
        owner: object = None,
        clock: object = None,
    ) -> Entry:
        """A timer. `clock`: by which it was set, so that it goes slower or faster with that (`rescale`)."""
        self._sequence += 1
        due_s = max(due_s, self.now_s)
        entry = Entry(due_s, "heartbeat" if heartbeat else "timer", action, owner)
        entry.clock = clock
        if isinstance(heartbeat, str):
            entry.upkeep = heartbeat
            entry.period_s = due_s - self.now_s
        heapq.heappush(self._heap, (due_s, _IN_TURN, self._sequence, entry))
        return entry

    def next(self, until_s: float) -> Entry | None:
        """Pop the next entry due at or before `until_s` and move time to it; None if there is none."""
        heap = self._heap
        while heap:
            due_s, _, _, entry = heap[0]
            if entry.cancelled or entry.due_s != due_s:
                heapq.heappop(heap)
                continue
            if due_s > until_s:
                return None
            heapq.heappop(heap)
            if self._lull and entry.upkeep:
                self._leave_out(entry)
                continue
            entry.cancelled = True  # a timer that was moved there and back is in the heap twice
            if entry.kind == "message":
                self.messages -= 1
                self._crowd += 1
            if due_s > self.now_s:
                self._crowd = max(0.0, self._crowd - CROWD_LEAVES_PER_S * (due_s - self.now_s))
                self.now_s = due_s
            return entry
        return None

    def begin_lull(self) -> None:
        """From now on nothing happens but upkeep: signs of life and checks of them are left out until `end_lull`.

        A node that is looked at every 5 s and renews its Lease every 10 s is most of what goes on while a plane waits
        for a timer of ten minutes, and nothing comes of it.
        """
        self._lull = True

    @property
    def in_lull(self) -> bool:
        return self._lull

    def end_lull(self) -> None:
        """Something has happened, or the wait is over. Signs that were left out are given at once, and nobody looks
        for them before they have arrived."""
        if not self._lull:
            return
        self._lull = False
        for entry in self._left_out:
            entry.left_out = False
            if entry.cancelled:
                continue
            if entry.upkeep == "sign":
                self._move(entry, self.now_s, _FIRST)
            elif entry.due_s < self.now_s + SIGNS_ARRIVE_S:
                self._move(entry, entry.due_s + entry.period_s)
        self._left_out.clear()

    def _leave_out(self, entry: Entry) -> None:
        if not entry.left_out:
            entry.left_out = True
            self._left_out.append(entry)
        self._move(entry, entry.due_s + max(entry.period_s, SIGNS_ARRIVE_S))

    def _move(self, entry: Entry, due_s: float, turn: int = _IN_TURN) -> None:
        entry.due_s = due_s
        self._sequence += 1
        heapq.heappush(self._heap, (due_s, turn, self._sequence, entry))

    def rescale(self, clock: object, factor: float) -> None:
        """Pending timers that were set by this clock take so many times as long from now on."""
        pending = [e for due_s, _, _, e in self._heap if e.clock is clock and not e.cancelled and e.due_s == due_s]
        for entry in dict.fromkeys(pending):  # one that was moved there and back is in the heap twice
            self._move(entry, self.now_s + (entry.due_s - self.now_s) * factor)

    def next_due_s(self) -> float | None:
        """When the next entry is due, heartbeats included."""
        heap = self._heap
        while heap and (heap[0][3].cancelled or heap[0][3].due_s != heap[0][0]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def timers_horizon_s(self, *, within_s: float = math.inf) -> float:
        """Until when timers (heartbeats apart) are pending now, of those due so soon; the present if there are none."""
        until_s = self.now_s + within_s
        due_s = (e.due_s for _, _, _, e in self._heap if e.kind == "timer" and not e.cancelled and e.due_s <= until_s)
        return max(due_s, default=self.now_s)

    def messages_horizon_s(self) -> float:
        """When the last message under way is due."""
        return max((due for due, _, _, e in self._heap if e.kind == "message" and not e.cancelled), default=self.now_s)

    def first(self, action: Callable[[], None], *, owner: object = None) -> Entry:
        """A message that is next whatever else is due now: the user's own connection knows no queue."""
        self._sequence += 1
        entry = Entry(self.now_s, "message", action, owner)
        self.messages += 1
        heapq.heappush(self._heap, (self.now_s, _FIRST, self._sequence, entry))
        return entry

    def cancel_owned(self, owner: object) -> None:
        """Forget all that belongs to `owner` (a dead process's timers and the messages on their way to it)."""
        for _, _, _, entry in self._heap:
            if entry.owner is owner and not entry.cancelled:
                entry.cancelled = True
                if entry.kind == "message":
                    self.messages -= 1
