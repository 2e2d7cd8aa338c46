"""Leader overlap: a publisher that is not told when it no longer leads.

The bug: the elector gives up a lease that it could not renew, and the work goes on, because nobody stops it. By then
another may lead. Real case: kubernetes#23731, where the callback for the end of leadership was never called after a
lost update.

Weather: whatever keeps the leader from renewing its lease for twenty seconds.
Caught by: `leader_writes_inside_its_lease`.
The twin works inside the elector's own scope: the end of leadership is the end of the process.
"""

import trio

from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Component, LeaderElector, LeadershipLost
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, custom, definition, sleep

PERIOD_S = 3.0
LEASE_S = 24.0
DEADLINE_S = 20.0
"""Longer than by default, so that slow messages alone do not end a leadership."""


class DeafLeader:
    """Publishes what the settings say, every few seconds, while it believes that it leads."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.settings = client.informers.informer_for(API, "Setting")

    def elector(self) -> LeaderElector:
        return LeaderElector(self.client, "publisher", lease_duration_s=LEASE_S, renew_deadline_s=DEADLINE_S)

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._elect, nursery)

    async def _elect(self, nursery: trio.Nursery) -> None:
        async def lead() -> None:
            nursery.start_soon(self.work)
            await trio.sleep_forever()

        while True:
            try:
                await self.elector().run(lead)
            except LeadershipLost:
                continue

    async def work(self) -> None:
        await self.settings.wait_synced()
        while True:
            for setting in self.settings.list():
                try:
                    await self._publish(setting["metadata"]["name"], {"value": str(setting["spec"]["value"])})
                except ApiError:
                    continue
            await self.client.sleep(PERIOD_S)

    async def _publish(self, name: str, data: dict[str, str]) -> None:
        try:
            await self.client.patch("v1", "ConfigMap", f"setting-{name}", NAMESPACE, body={"data": data})
        except NotFound:
            try:
                await self.client.create(config_map({"name": f"setting-{name}"}, data))
            except AlreadyExists:
                return


class DutifulLeader(DeafLeader):
    async def run(self) -> None:
        await self.elector().run(self.work)


def wrong(client: Client) -> Component:
    return Component("publisher", DeafLeader(client).run)


def fixed(client: Client) -> Component:
    return Component("publisher", DutifulLeader(client).run)


ENTRY = Entry(
    id="deaf-leader",
    property="leader_writes_inside_its_lease",
    faults=(
        "partition",
        "permission_revoked",
        "admission_denied",
        "pause",
        "apiserver_crash",
    ),
    bug="https://github.com/kubernetes/kubernetes/issues/23731",
    culprit="patch ConfigMap",
    tags=("leader overlap",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Setting", {"value": {"type": "integer"}}),
        custom("Setting", "colour", {"value": 7}),
    ),
    trial_options={"workload": [sleep(35)]},
)
