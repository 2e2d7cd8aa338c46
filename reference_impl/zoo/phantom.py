"""Reordering: an informer written by hand whose list forgets what waits in its queue.

The bug: events go into a queue, and from there into the store once somebody has time. A list is compared with the store
alone: what has come and is gone again, but still waits in the queue, is in neither, so no deletion is queued behind it,
and once the queue is worked off it stays in the store: a phantom. Real case: client-go's own queue (DeltaFIFO), where a
relist replaced the store while a creation was still queued; cilium's agents leaked what they had seen so.

Weather: a stream that cannot be resumed, so that the client has to list, right after an object came and before it went.
Caught by: `converges` (the board shows what is not there).
The twin compares a list with the store and with the queue.
"""

from collections import deque
from typing import Any

from reference_impl.runtime import Client, Component
from reference_impl.zoo.bulletin import DEFINITION, Bulletin
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import custom, delete

Json = dict[str, Any]
SEEN = ("tide", "whale", "seal", "buoy")
BATCH_S = 20.0
"""Notes come in flocks; the board is written once for all that come within so many seconds."""


class ComparesWithTheStore(Bulletin):
    """`notes` is the store; what comes waits in a queue."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.queue: deque[tuple[str, Json]] = deque()

    def replace(self, notes: list[Json]) -> None:
        listed = {note["metadata"]["uid"]: note for note in notes}
        for uid, note in self.known().items():
            if uid not in listed:
                self.queue.append(("DELETED", note))
        self.queue.extend(("SYNC", note) for note in notes)

    def known(self) -> dict[str, Json]:
        return dict(self.notes)

    def take(self, event_type: str, note: Json) -> None:
        self.queue.append((event_type, note))
        self.revision = note["metadata"]["resourceVersion"]

    async def collect(self) -> None:
        await self.client.sleep(BATCH_S)
        while self.queue:
            self._store(*self.queue.popleft())

    def _store(self, event_type: str, note: Json) -> None:
        if event_type == "DELETED":
            self.notes.pop(note["metadata"]["uid"], None)
        else:
            self.notes[note["metadata"]["uid"]] = note


class ComparesWithBoth(ComparesWithTheStore):
    def known(self) -> dict[str, Json]:
        return self.notes | {note["metadata"]["uid"]: note for _, note in self.queue}


def wrong(client: Client) -> Component:
    return Component("bulletin", ComparesWithTheStore(client).run)


def fixed(client: Client) -> Component:
    return Component("bulletin", ComparesWithBoth(client).run)


ENTRY = Entry(
    id="phantom",
    property="converges",
    faults=("watch_gap", "compaction", "apiserver_crash"),
    bug="https://github.com/kubernetes/kubernetes/issues/115658",
    tags=("reorder", "unobserved state"),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, *(custom("Note", name, {"text": "starboard"}) for name in SEEN)),
    trial_options={
        "workload": [delete("Note", name) for name in SEEN[1:]],
        "built_ins": "none",
    },
)
