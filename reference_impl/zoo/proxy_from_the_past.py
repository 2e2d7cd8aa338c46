"""Time travel: a database operator that deletes the proxy because a spec of long ago did not want one.

The bug: the operator restarts and lists first at an API server that has fallen behind. There the proxy is still
switched off, so it deletes the proxy that its earlier life has made, and makes it anew once it catches up. The end
state is right; the connections through the proxy are gone. Real case: Percona's XtraDB operator and HAProxy, found by
Sieve (OSDI'22).

Weather: a restart onto a server that lags.
Caught by: `required_objects_are_not_deleted`.
The twin looks at the database once more, live, before it deletes.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, patch, sleep

Json = dict[str, Any]


class TrustsItsCache:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            database = await self.client.get(API, "Database", request.name, request.namespace)
        except NotFound:
            return
        if database["spec"]["proxy"]:
            await self.create_proxy(database)
        elif await self.may_delete(database):
            await self.delete_proxy(database)
        if database.get("status") != database["spec"]:
            body = {"status": database["spec"]}
            await self.client.patch(API, "Database", request.name, request.namespace, body=body, subresource="status")

    async def create_proxy(self, database: Json) -> None:
        try:
            await self.client.create(config_map({"name": _name(database)}, {"mode": "tcp"}, database))
        except AlreadyExists:
            return

    async def may_delete(self, database: Json) -> bool:
        return True

    async def delete_proxy(self, database: Json) -> None:
        namespace = database["metadata"]["namespace"]
        try:
            proxy = await self.client.live.get("v1", "ConfigMap", _name(database), namespace)
            if is_controlled_by(proxy, database):
                uid = proxy["metadata"]["uid"]
                await self.client.delete("v1", "ConfigMap", _name(database), namespace, uid=uid)
        except NotFound:
            return


class LooksAgain(TrustsItsCache):
    async def may_delete(self, database: Json) -> bool:
        metadata = database["metadata"]
        try:
            fresh = await self.client.live.get(API, "Database", metadata["name"], metadata["namespace"])
        except NotFound:
            return False
        return fresh["metadata"]["uid"] == metadata["uid"] and not fresh["spec"]["proxy"]


def _name(database: Json) -> str:
    return f"{database['metadata']['name']}-proxy"


def wrong(client: Client) -> Controller:
    return _controller(TrustsItsCache(client))


def fixed(client: Client) -> Controller:
    return _controller(LooksAgain(client))


def _controller(reconciler: TrustsItsCache) -> Controller:
    return Controller(
        name="database",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Database"), Watch("v1", "ConfigMap", owner="Database")],
    )


_FIELDS = {"size": {"type": "integer"}, "proxy": {"type": "boolean"}}

ENTRY = Entry(
    id="proxy-from-the-past",
    property="required_objects_are_not_deleted",
    faults=("time_travel", "stale_read"),
    bug="https://jira.percona.com/browse/K8SPXC-725",
    culprit="delete ConfigMap",
    tags=("time travel",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Database", _FIELDS, _FIELDS),
        custom("Database", "orders", {"size": 1, "proxy": False}),
    ),
    trial_options={
        "workload": [
            *(patch("Database", "orders", {"size": size}) for size in (2, 3)),
            sleep(1),
            patch("Database", "orders", {"proxy": True}),
            sleep(30),
        ]
    },
)
