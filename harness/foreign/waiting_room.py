"""Where the processes of a world wait for the next one, so that an interpreter need not be started for each example.

A process may stay if it came to rest, nothing was violated, and it has watched users take back all that they had made.
The next world takes over its port; the streams break, and what the process knew is answered with 410 Gone: it lists
again, and finds a cluster in which nobody has done anything yet. To it that is an API server restored from elsewhere.

What it remembers besides is the risk: an example may fail because of the one before. So whatever fails is run again
with a new process (`process_search.py`), and replays and reports never use one that has waited. `--fresh` forbids it.

Sources: Kubernetes, API concepts, 410 Gone; etcd's disaster recovery (revisions that go on from a restored backup).
"""

import atexit
import math
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.foreign.running import Running

GAP: Final = 1_000
"""The next store goes on so many revisions later, as `etcdutl snapshot restore --bump-revision` does: what anybody
remembers is compacted there."""

SEEING_OFF_S: Final = 0.5
"""What it costs besides: users take back what they have made (measured: 0.3 to 0.6 s)."""


@dataclass(slots=True, kw_only=True)
class Guest:
    """One process, and its port, at which connections queue up meanwhile."""

    running: Running
    listener: socket.socket
    streams: int
    """So many watches it had open, and will have again."""


@dataclass(slots=True, kw_only=True)
class Guests:
    """All processes of one world."""

    by_name: dict[str, Guest]
    revision: int
    """Of the store that they knew."""
    folders: list[Path] = field(default_factory=list)
    """Their files; to be removed when they end."""

    def dismiss(self) -> None:
        for guest in self.by_name.values():
            guest.running.kill()
            guest.listener.close()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


class WaitingRoom:
    """Room for the processes of one world."""

    def __init__(self) -> None:
        self._guests: Guests | None = None
        self._start_s = math.inf
        self._return_s = 0.0
        atexit.register(self.close)

    def take(self) -> Guests | None:
        """Who waits here, if they still live. From now on they are the caller's."""
        guests, self._guests = self._guests, None
        if guests is not None and any(guest.running.ended() is not None for guest in guests.by_name.values()):
            guests.dismiss()
            return None
        return guests

    def note(self, up_after_s: float, *, started: bool) -> None:
        """So long a world took until everybody was ready, with processes of its own or with such as had waited."""
        if started:
            self._start_s = min(self._start_s, up_after_s)
        else:
            self._return_s = up_after_s

    @property
    def is_worth_it(self) -> bool:
        """Some programs start sooner than they find their way back (client-go's back-off grows)."""
        return self._return_s + SEEING_OFF_S < self._start_s

    def put(self, guests: Guests) -> None:
        """If somebody waits here already, or waiting is not worth it, these are sent away."""
        if self._guests is None and self.is_worth_it:
            self._guests = guests
        else:
            guests.dismiss()

    def forget(self) -> None:
        """After a fork: who waits here is the parent's."""
        if self._guests is not None:
            for guest in self._guests.by_name.values():
                guest.listener.close()
        self._guests = None

    def close(self) -> None:
        """End who waits here. Idempotent."""
        guests, self._guests = self._guests, None
        if guests is not None:
            guests.dismiss()
