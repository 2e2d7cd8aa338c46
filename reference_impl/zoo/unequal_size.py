"""Time travel: a broker operator that replaces its server whenever the size of the disk is not the one that it reads.

The bug: `!=` where `>` is meant. A disk cannot change in place, so a server with a larger one takes the place of the
old. The operator restarts, lists first at an API server that has fallen behind, and reads the size of long ago: not
equal, so it replaces the large server by a small one, and again by a large one once it catches up. The end state is
right; the broker went down twice for nothing. Real case: RabbitMQ's cluster operator and its StatefulSet, found by
Sieve (OSDI'22).

Weather: a restart onto a server that lags.
Caught by: `required_objects_are_not_deleted`.
The twin only ever grows a disk, so an old size is no reason to touch anything: nothing needs to be read again.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import (
    API,
    config_map,
    custom,
    definition,
    is_controlled_by,
    is_deleting,
    patch,
    sleep,
)

Json = dict[str, Any]
FIELDS = ("disk", "replicas")
"""What a server is made with. The second may change in place."""


class ReplacesIfUnequal:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            broker = await self.client.get(API, "Broker", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(broker):
            return
        spec = broker["spec"]
        wanted = config_map({"name": f"{request.name}-server"}, {key: str(spec[key]) for key in FIELDS}, broker)
        try:
            await self.client.create(wanted)
        except AlreadyExists:
            server = await self.client.live.get("v1", "ConfigMap", wanted["metadata"]["name"], request.namespace)
            if is_controlled_by(server, broker):
                await self._adapt(server, wanted["data"])

    async def _adapt(self, server: Json, wanted: dict[str, str]) -> None:
        metadata = server["metadata"]
        name, namespace, uid = metadata["name"], metadata["namespace"], metadata["uid"]
        if self.must_replace(int(wanted["disk"]), int(server["data"]["disk"])):
            await self.client.delete("v1", "ConfigMap", name, namespace, uid=uid)
            raise Retry(reason="the other server is yet to be made")
        if server["data"]["replicas"] != wanted["replicas"]:
            body = {"metadata": {"uid": uid}, "data": {"replicas": wanted["replicas"]}}
            await self.client.patch("v1", "ConfigMap", name, namespace, body=body)

    def must_replace(self, wanted: int, present: int) -> bool:
        return wanted != present


class ReplacesIfTooSmall(ReplacesIfUnequal):
    def must_replace(self, wanted: int, present: int) -> bool:
        return wanted > present


def wrong(client: Client) -> Controller:
    return _controller(ReplacesIfUnequal(client))


def fixed(client: Client) -> Controller:
    return _controller(ReplacesIfTooSmall(client))


def _controller(reconciler: ReplacesIfUnequal) -> Controller:
    return Controller(
        name="broker",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Broker"), Watch("v1", "ConfigMap", owner="Broker")],
    )


ENTRY = Entry(
    id="unequal-size",
    property="required_objects_are_not_deleted",
    faults=("time_travel", "stale_read"),
    bug="https://github.com/rabbitmq/cluster-operator/issues/653",
    tags=("time travel",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Broker", {field: {"type": "integer"} for field in FIELDS}),
        custom("Broker", "queue", {"disk": 10, "replicas": 1}),
    ),
    trial_options={
        "workload": [
            *(patch("Broker", "queue", {"replicas": replicas}) for replicas in (2, 3)),
            sleep(1),
            patch("Broker", "queue", {"disk": 20}),
            sleep(30),
        ]
    },
)
