"""Unobserved state: a list of crew that takes nobody off whose leaving it did not see.

The bug: an informer that finds out by a list that an object is gone hands its handlers a tombstone, "the final state is
unknown", instead of the object. A handler that only knows objects turns it away, and the entry stays for ever. Real
case: Beyla's informers expected a Pod, got a `DeletedFinalStateUnknown`, and grew until they ran out of memory.

Weather: whatever makes an informer list again while somebody leaves.
Caught by: `converges` (the board shows somebody who is gone).
The twin takes a tombstone for what it is: a deletion.
"""

from typing import Any

from reference_impl.runtime import Client, Component
from reference_impl.zoo.bulletin import DEFINITION, Board
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, delete

Json = dict[str, Any]
CREW = ("ada", "ben", "cid", "dot")


class TurnsTombstonesAway(Board):
    """Keeps its own account of what the informer tells, and shows it."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.informer = client.informers.informer_for(API, "Note")
        self.texts: dict[str, str] = {}

    def data(self) -> dict[str, str]:
        return self.texts

    async def run(self) -> None:
        self.informer.add_handler(self._told)
        await self.informer.wait_synced()
        self.changed.set()
        await self.publish()

    def _told(self, event_type: str, old: Json | None, new: Json | None) -> None:
        if new is not None:
            self.texts[new["metadata"]["name"]] = new["spec"]["text"]
        elif old is not None and self.understands(is_tombstone=self.informer.final_state_unknown):
            self.texts.pop(old["metadata"]["name"], None)
        self.changed.set()

    def understands(self, *, is_tombstone: bool) -> bool:
        return not is_tombstone


class TakesThemForDeletions(TurnsTombstonesAway):
    def understands(self, *, is_tombstone: bool) -> bool:
        return True


def wrong(client: Client) -> Component:
    return Component("crew", TurnsTombstonesAway(client).run)


def fixed(client: Client) -> Component:
    return Component("crew", TakesThemForDeletions(client).run)


ENTRY = Entry(
    id="tombstone-unhandled",
    property="converges",
    faults=(
        "relist",
        "watch_gap",
        "watch_cut",
        "switch_server",
        "compaction",
        "apiserver_crash",
        "partition",
        "server_error",
        "not_ready",
        "permission_revoked",
    ),
    bug="https://github.com/grafana/beyla/issues/1242",
    tags=("unobserved state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(DEFINITION, *(custom("Note", name, {"text": "aboard"}) for name in CREW)),
    trial_options={
        "workload": [delete("Note", name) for name in CREW[1:]],
        "built_ins": "none",
    },
)
