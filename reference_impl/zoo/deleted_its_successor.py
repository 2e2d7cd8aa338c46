"""Time travel and uid confusion: a broker operator that tears down the cluster that took a name after another.

The bug: a Broker was deleted and made again under its name. The operator restarts, lists first at an API server that
has fallen behind, and sees the old Broker there with its deletionTimestamp. It cleans up "its" server by name, and so
hits the server of the new Broker, which this life has never seen. Real case: RabbitMQ's cluster operator and its
StatefulSet; Percona's MongoDB operator lost pods and volumes in the same way. Both found by Sieve (OSDI'22).

Weather: a restart onto a server that lags. Or: a delete, or the create itself, that commits after its sender has died.
Caught by: `deletes_carry_the_observed_uid`.
The twin deletes only what belongs to the very Broker that it sees, and sends the uid along.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import (
    API,
    NAMESPACE,
    config_map,
    create,
    custom,
    definition,
    delete,
    is_deleting,
    reference_to,
    sleep,
)

Json = dict[str, Any]
FINALIZER = "zoo.seatrial.dev/server"


class CleansUpByName:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            broker = await self.client.get(API, "Broker", request.name, request.namespace)
        except NotFound:
            return
        finalizers = broker["metadata"].get("finalizers") or []
        if not is_deleting(broker):
            if FINALIZER not in finalizers:
                broker = await self._set_finalizers(broker, [*finalizers, FINALIZER])
            await self._make_server(broker)
        elif FINALIZER in finalizers:
            await self.delete_server(broker)
            await self._set_finalizers(broker, [name for name in finalizers if name != FINALIZER])

    async def delete_server(self, broker: Json) -> None:
        try:
            await self.client.delete("v1", "ConfigMap", _server(broker), NAMESPACE)
        except NotFound:
            return

    async def _make_server(self, broker: Json) -> None:
        wanted = config_map({"name": _server(broker)}, {"image": broker["spec"]["image"]})
        # For the garbage collector, and for the watch. Not as its controller: other owners may join.
        wanted["metadata"]["ownerReferences"] = [{**reference_to(broker), "controller": False}]
        try:
            await self.client.create(wanted)
        except AlreadyExists:
            server = await self.client.live.get("v1", "ConfigMap", _server(broker), NAMESPACE)
            if not _belongs_to(server, broker):
                raise Retry(reason="the server of an earlier Broker is still there") from None

    async def _set_finalizers(self, broker: Json, finalizers: list[str]) -> Json:
        """Conditional on what was seen; a Broker that is gone needs none."""
        broker["metadata"]["finalizers"] = finalizers
        return await self.client.update(broker)


class CleansUpWhatIsIts(CleansUpByName):
    async def delete_server(self, broker: Json) -> None:
        try:
            server = await self.client.live.get("v1", "ConfigMap", _server(broker), NAMESPACE)
            if _belongs_to(server, broker):
                uid = server["metadata"]["uid"]
                await self.client.delete("v1", "ConfigMap", _server(broker), NAMESPACE, uid=uid)
        except NotFound:
            return


def wrong(client: Client) -> Controller:
    return _controller(CleansUpByName(client))


def fixed(client: Client) -> Controller:
    return _controller(CleansUpWhatIsIts(client))


def _controller(reconciler: CleansUpByName) -> Controller:
    return Controller(
        name="broker",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Broker"), Watch("v1", "ConfigMap", owner="Broker", controller_only=False)],
    )


def _belongs_to(server: Json, broker: Json) -> bool:
    owners = server["metadata"].get("ownerReferences") or ()
    return any(owner["uid"] == broker["metadata"]["uid"] for owner in owners)


def _server(broker: Json) -> str:
    return f"{broker['metadata']['name']}-server"


BROKER = custom("Broker", "queue", {"image": "broker:1"})

ENTRY = Entry(
    id="deleted-its-successor",
    property="deletes_carry_the_observed_uid",
    faults=("time_travel", "stale_read", "late_commit", "latency"),
    bug="https://github.com/rabbitmq/cluster-operator/issues/648",
    tags=("time travel", "uid confusion"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Broker", {"image": {"type": "string"}}), BROKER),
    trial_options={
        "workload": [create(BROKER), sleep(1), delete("Broker", "queue"), sleep(1), create(BROKER), sleep(30)]
    },
)
