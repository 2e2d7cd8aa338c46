"""Leader overlap: a standby that compares the leader's clock with its own.

The bug: the time in the lease was read off the leader's wall clock, and the standby asks its own whether that was long
ago. If one of the two has been set, a lease that was renewed a second ago looks as if it had ended, the standby takes
it, and two work at once. Real case: kube-scheduler, where a second one led at once after the clock had jumped by an
hour (kubernetes#125761).

Weather: a wall clock that jumps, or clocks that drift apart for long enough.
Caught by: `one_holder_per_lease`. Neither of the two says to anybody that it elects; their Lease is looked at.
The twin counts on its own monotonic clock for how long it has seen no change, as client-go does.
"""

from datetime import datetime, timedelta
from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Component
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, custom, definition, sleep

Json = dict[str, Any]
LEASES = "coordination.k8s.io/v1"
LEASE_S = 15
"""So long that clocks which drift apart by a fifth seldom make up for it within a storm."""
PERIOD_S = 2.0


class ComparesClocks:
    """Renews the lease or waits for it, and publishes what the setting says each time it has renewed."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.settings = client.informers.informer_for(API, "Setting")
        self.identity = f"{client.name}_{client.uuid4()}"
        self.seen: Json | None = None
        self.seen_s = 0.0

    async def run(self) -> None:
        await self.settings.wait_synced()
        while True:
            try:
                if await self._leads():
                    for setting in self.settings.list():
                        await self._publish(setting)
            except ApiError:
                pass
            await self.client.sleep(PERIOD_S)

    async def _leads(self) -> bool:
        try:
            lease = await self.client.live.get(LEASES, "Lease", "publisher", NAMESPACE)
        except NotFound:
            metadata = {"name": "publisher", "namespace": NAMESPACE}
            lease = {"apiVersion": LEASES, "kind": "Lease", "metadata": metadata, "spec": self._record()}
            await self.client.create(lease)
            return True
        if lease["spec"]["holderIdentity"] != self.identity and not self.is_over(lease["spec"]):
            return False
        await self.client.update({**lease, "spec": self._record()})
        return True

    def _record(self) -> Json:
        """Stamped as it is sent: a slow read before it must not make it look older than it is."""
        now = self.client.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"holderIdentity": self.identity, "leaseDurationSeconds": LEASE_S, "renewTime": now}

    def is_over(self, record: Json) -> bool:
        until = datetime.fromisoformat(record["renewTime"]) + timedelta(seconds=record["leaseDurationSeconds"])
        return self.client.now() >= until

    async def _publish(self, setting: Json) -> None:
        """One command, and only if there is something to say; a Conflict means that somebody else has said it."""
        data = {"value": str(setting["spec"]["value"])}
        try:
            found = await self.client.live.get("v1", "ConfigMap", "colour", NAMESPACE)
        except NotFound:
            await self.client.create(config_map({"name": "colour"}, data))
            return
        if found.get("data") != data:
            await self.client.update({**found, "data": data})


class CountsForItself(ComparesClocks):
    def is_over(self, record: Json) -> bool:
        if record != self.seen:
            self.seen, self.seen_s = record, self.client.monotonic_s()
        return bool(self.client.monotonic_s() >= self.seen_s + record["leaseDurationSeconds"])


def wrong(client: Client) -> Component:
    return Component("publisher", ComparesClocks(client).run)


def fixed(client: Client) -> Component:
    return Component("publisher", CountsForItself(client).run)


ENTRY = Entry(
    id="compares-remote-clocks",
    property="one_holder_per_lease",
    faults=("clock_skew", "clock_drift"),
    bug="https://github.com/kubernetes/kubernetes/issues/125761",
    tags=("leader overlap", "clock"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Setting", {"value": {"type": "integer"}}),
        custom("Setting", "colour", {"value": 7}),
    ),
    trial_options={"workload": [sleep(3)] * 4, "built_ins": "none", "instances": 2},
)
