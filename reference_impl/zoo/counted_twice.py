"""Duplicate: an address allocator that counts an object once more each time it is announced.

The bug: informers announce the same object again, at a resync and after a relist. The allocator adds one per
announcement and takes one away per deletion, so an address that was counted twice is never free again. Real case:
Kubernetes' node CIDR allocator occupied ranges twice and leaked them.

Weather: whatever announces an object again before it is deleted.
Caught by: `converges` (the published table still has the address).
The twin keeps a set of uids: taking twice is taking once.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Component, Signal
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, custom, definition, delete

Json = dict[str, Any]
RETRY_S = 1.0


class Counts:
    """Addresses in use, and how often."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def take(self, machine: Json) -> None:
        address = machine["spec"]["address"]
        self._counts[address] = self._counts.get(address, 0) + 1

    def free(self, machine: Json) -> None:
        address = machine["spec"]["address"]
        self._counts[address] = self._counts.get(address, 0) - 1

    def used(self) -> list[str]:
        return sorted(address for address, count in self._counts.items() if count > 0)


class Holders:
    """Addresses in use, and by whom."""

    def __init__(self) -> None:
        self._holders: dict[str, str] = {}

    def take(self, machine: Json) -> None:
        self._holders[machine["metadata"]["uid"]] = machine["spec"]["address"]

    def free(self, machine: Json) -> None:
        self._holders.pop(machine["metadata"]["uid"], None)

    def used(self) -> list[str]:
        return sorted(self._holders.values())


class Allocator:
    """Keeps the table up to date in memory, and publishes it."""

    def __init__(self, client: Client, table: Counts | Holders) -> None:
        self.client = client
        self.table = table
        self.changed = Signal()

    def hear(self, _event_type: str, old: Json | None, new: Json | None) -> None:
        if new is not None:
            self.table.take(new)
        elif old is not None:
            self.table.free(old)
        self.changed.set()

    async def run(self) -> None:
        machines = self.client.informers.informer_for(API, "Machine")
        machines.add_handler(self.hear)
        # A patch that was given up may commit later than the next one: the table is watched, too.
        tables = self.client.informers.informer_for("v1", "ConfigMap", NAMESPACE, fields="metadata.name=addresses")
        tables.add_handler(lambda *_: self.changed.set())
        await machines.wait_synced()
        self.changed.set()
        while True:
            await self.changed.wait()
            self.changed.clear()
            try:
                await self._publish({"used": " ".join(self.table.used())})
            except ApiError:
                self.changed.set()
                await self.client.sleep(RETRY_S)

    async def _publish(self, data: dict[str, str]) -> None:
        try:
            await self.client.patch("v1", "ConfigMap", "addresses", NAMESPACE, body={"data": data})
        except NotFound:
            try:
                await self.client.create(config_map({"name": "addresses"}, data))
            except AlreadyExists:
                self.changed.set()


def wrong(client: Client) -> Component:
    return Component("allocator", Allocator(client, Counts()).run)


def fixed(client: Client) -> Component:
    return Component("allocator", Allocator(client, Holders()).run)


ENTRY = Entry(
    id="counted-twice",
    property="converges",
    faults=(
        *("resync", "relist", "watch_gap", "watch_cut", "compaction", "stale_read", "time_travel"),
        *("apiserver_crash", "switch_server", "partition", "pause"),
    ),
    bug="https://github.com/kubernetes/kubernetes/issues/96416",
    tags=("duplicate",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Machine", {"address": {"type": "string"}}),
        custom("Machine", "alpha", {"address": "10.0.1.0/24"}),
        custom("Machine", "beta", {"address": "10.0.2.0/24"}),
    ),
    trial_options={"workload": [delete("Machine", "alpha"), delete("Machine", "beta")]},
)
