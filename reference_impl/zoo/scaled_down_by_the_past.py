"""Time travel: a database operator that scales its StatefulSet down because it once was to be small.

The bug: the operator restarts and lists first at an API server that has fallen behind, where the database still has
its old size. It finds a StatefulSet that is larger, asked for live, and scales it down; once it catches up it scales it
up again. The end state is right; the members with the highest ordinals have moved their data away, or lost it. Real
case: Elastic's operator scaled Elasticsearch down after it had read an old number of nodes, found by Sieve (OSDI'22).

Weather: a restart onto a server that lags.
Caught by: `never_regresses_to_an_older_spec`.
The twin looks at the database once more, live, before it takes members away.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, patch, reference_to, sleep

Json = dict[str, Any]


class BelievesItsCache:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            database = await self.client.get(API, "Database", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(database):
            return
        try:
            members = await self.client.live.get("apps/v1", "StatefulSet", request.name, request.namespace)
        except NotFound:
            members = await self.create(database)
        size, present = database["spec"]["size"], members["spec"]["replicas"]
        try:
            if size > present or (size < present and await self.may_shrink(database)):
                await self.client.update({**members, "spec": {**members["spec"], "replicas": size}})
            if database.get("status") != {"size": size}:
                await self.client.update_status({**database, "status": {"size": size}})
        except NotFound:
            return

    async def may_shrink(self, database: Json) -> bool:
        return True

    async def create(self, database: Json) -> Json:
        """Raises `AlreadyExists` if somebody was faster, and is tried again."""
        return await self.client.create(_members(database))


class AsksBeforeItShrinks(BelievesItsCache):
    async def may_shrink(self, database: Json) -> bool:
        metadata = database["metadata"]
        try:
            fresh = await self.client.live.get(API, "Database", metadata["name"], metadata["namespace"])
        except NotFound:
            return False
        return bool(fresh["metadata"]["uid"] == metadata["uid"] and fresh["spec"]["size"] == database["spec"]["size"])


def _members(database: Json) -> Json:
    name, labels = database["metadata"]["name"], {"app": database["metadata"]["name"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": name,
            "namespace": database["metadata"]["namespace"],
            "ownerReferences": [reference_to(database)],
        },
        "spec": {
            "replicas": database["spec"]["size"],
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "search", "image": "search:1"}]},
            },
        },
    }


def wrong(client: Client) -> Controller:
    return _controller(BelievesItsCache(client))


def fixed(client: Client) -> Controller:
    return _controller(AsksBeforeItShrinks(client))


def _controller(reconciler: BelievesItsCache) -> Controller:
    return Controller(
        name="database",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Database"), Watch("apps/v1", "StatefulSet", owner="Database")],
    )


_SIZE = {"size": {"type": "integer"}}

ENTRY = Entry(
    id="scaled-down-by-the-past",
    property="never_regresses_to_an_older_spec",
    faults=("time_travel", "stale_read"),
    bug="https://github.com/elastic/cloud-on-k8s/issues/5274",
    tags=("time travel",),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Database", _SIZE, _SIZE), custom("Database", "orders", {"size": 1})),
    trial_options={
        "workload": [
            *(patch("Database", "orders", {"size": size}) for size in (2, 3)),
            sleep(1),
            patch("Database", "orders", {"size": 5}),
            sleep(30),
        ],
        "built_ins": "none",
    },
)
