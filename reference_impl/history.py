"""How much of the past a plane that runs for days keeps: some minutes, and never more than so many bytes.

What kube-apiserver does for etcd: every five minutes it compacts what was there five minutes before. A store in memory
must also bear clients that write much: when history has grown beyond a bound, its older half goes at once, from the
store and from the servers' watch caches. Whoever resumes from there gets 410 Gone.

Source: apiserver `storage/etcd3/compact.go`.
"""

from collections import deque
from contextlib import suppress
from typing import Final

import orjson
import trio

from reference_impl.plane import LocalPlane
from reference_impl.store.port import Compacted, StoreEvent, StoreUnavailable

COMPACTION_PERIOD_S: Final = 300.0
"""kube-apiserver --etcd-compaction-interval."""
BYTES_MAX: Final = 256 * 1024 * 1024
"""Of objects as JSON, in all revisions that are kept; arbitrary. In memory they are some times as large."""
_OVERHEAD_BYTES: Final = 500
"""Counted for each revision besides, so that many small ones count too."""


class History:
    """Watches a plane's commits. `run` compacts, for ever.

    Args:
        bytes_max: how much is kept at most between two compactions.
    """

    def __init__(self, plane: LocalPlane, *, bytes_max: int = BYTES_MAX) -> None:
        self._plane = plane
        self._bytes_max = bytes_max
        self._sizes: deque[tuple[int, int]] = deque()
        self._total = 0
        self._too_much = trio.Event()
        plane.store.subscribe(self._committed)

    async def run(self) -> None:
        before = self._newest()
        due_s = trio.current_time() + COMPACTION_PERIOD_S
        while True:
            with trio.move_on_at(due_s):
                await self._too_much.wait()
            if trio.current_time() >= due_s:
                due_s += COMPACTION_PERIOD_S
                self._forget(before)
                before = self._newest()
            if self._too_much.is_set():
                self._too_much = trio.Event()
                self._forget_half()

    def _newest(self) -> int:
        """As heard here: it must be known though the store is out of reach."""
        return self._plane.servers[0].cache_revision

    def _committed(self, event: StoreEvent) -> None:
        try:
            size = len(orjson.dumps(event.object))
        except TypeError:  # integers beyond 64 bits, which a program of this process may have written
            size = 0
        self._sizes.append((event.revision, size + _OVERHEAD_BYTES))
        self._total += size + _OVERHEAD_BYTES
        if self._total > self._bytes_max:
            self._too_much.set()

    def _forget_half(self) -> None:
        total, newest = self._total, 0
        for revision, size in self._sizes:
            if total <= self._bytes_max // 2:
                break
            total -= size
            newest = revision
        self._forget(newest)
        for server in self._plane.servers:
            server.forget_before(newest)

    def _forget(self, revision: int) -> None:
        while self._sizes and self._sizes[0][0] <= revision:
            self._total -= self._sizes.popleft()[1]
        if revision > self._plane.store.compacted_revision:
            # A store that is out of reach is compacted the next time; one that others compact further needs it not.
            with suppress(StoreUnavailable, Compacted):
                self._plane.store.compact(revision)
