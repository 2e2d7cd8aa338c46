"""List order: a ring operator that scales down by removing the last member of a list.

The bug: members are counted, and the last ones of the cached list are taken for the newest. A list has no order, so it
may be the oldest that goes. The count is right then, and nobody looks again at who is left. Real case: instaclustr's
Cassandra operator decommissioned node 0 while the StatefulSet controller wanted to delete node 1, and was stuck.

Weather: cached lists come in another order each time, as they do from a real informer; a member that was restored.
Caught by: `converges` (the wrong members are left).
The twin goes by ordinal: members that are wanted are made, others deleted, however many there are.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
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


class GoesByTheList:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            ring = await self.client.get(API, "Ring", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(ring):
            return
        wanted = [f"{request.name}-{ordinal}" for ordinal in range(ring["spec"]["size"])]
        found = await self.client.list("v1", "ConfigMap", request.namespace)
        members = [member for member in found if is_controlled_by(member, ring)]
        present = [_name(member) for member in members]
        for name in self.to_make(wanted, present):
            await self._make(config_map({"name": name}, {"rows": "0"}, ring))
        unwanted = self.to_delete(wanted, present)
        for member in members:
            if _name(member) in unwanted:
                await self._delete(member)

    def to_make(self, wanted: list[str], present: list[str]) -> list[str]:
        missing = [name for name in wanted if name not in present]
        return missing[: max(0, len(wanted) - len(present))]

    def to_delete(self, wanted: list[str], present: list[str]) -> list[str]:
        return present[len(wanted) :]

    async def _make(self, member: Json) -> None:
        try:
            await self.client.create(member)
        except AlreadyExists:
            return

    async def _delete(self, member: Json) -> None:
        metadata = member["metadata"]
        try:
            await self.client.delete("v1", "ConfigMap", metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except NotFound:
            return


class GoesByOrdinal(GoesByTheList):
    def to_make(self, wanted: list[str], present: list[str]) -> list[str]:
        return [name for name in wanted if name not in present]

    def to_delete(self, wanted: list[str], present: list[str]) -> list[str]:
        return [name for name in present if name not in wanted]


def wrong(client: Client) -> Controller:
    return _controller(GoesByTheList(client))


def fixed(client: Client) -> Controller:
    return _controller(GoesByOrdinal(client))


def _controller(reconciler: GoesByTheList) -> Controller:
    return Controller(
        name="ring",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Ring"), Watch("v1", "ConfigMap", owner="Ring")],
    )


def _name(member: Json) -> str:
    return str(member["metadata"]["name"])


ENTRY = Entry(
    id="last-of-the-list",
    property="converges",
    faults=("list_order", "owned_deleted"),
    bug="https://github.com/instaclustr/cassandra-operator/issues/400",
    tags=("list order",),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Ring", {"size": {"type": "integer"}}), custom("Ring", "ring", {"size": 3})),
    trial_options={"workload": [sleep(1), *(patch("Ring", "ring", {"size": size}) for size in (2, 1))]},
)
