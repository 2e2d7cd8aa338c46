"""Unobserved state: a ring operator that cleans up after a member only if it sees the member being deleted.

The bug: data of a member is deleted in answer to the event that shows its deletionTimestamp. Nobody promises that every
state is seen: after a gap in the watch, or a restart, the member is simply gone, and its data stays for ever. Real
case: instaclustr's Cassandra operator and the claims of decommissioned nodes, found by Sieve (OSDI'22).

Weather: a watch that breaks and lists again, or a crash, while the member goes.
Caught by: `converges` (data that fair weather does not leave behind).
The twin is level-triggered: data of an ordinal that is not wanted, and has no member, goes.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Part, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import (
    API,
    config_map,
    custom,
    definition,
    is_deleting,
    patch,
)

Json = dict[str, Any]
DRAINED = "zoo.seatrial.dev/drained"
RING = "ring"
"""The label by which members and data belong to a ring. Unowned on purpose: data outlives its ring."""


class Ring:
    """Members with a drain finalizer, and a ConfigMap of data for each."""

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
        for name in wanted:
            await self._create(_member(name, request.name))
            await self._create(config_map({"name": f"data-{name}", "labels": {RING: request.name}}, {"rows": "42"}))
        members = await self.client.list(API, "Member", request.namespace, labels=f"{RING}={request.name}")
        for member in members:
            name = member["metadata"]["name"]
            if name not in wanted and not is_deleting(member):
                await _delete(self.client, API, "Member", member)
        await self.clean_up(ring, [*wanted, *(member["metadata"]["name"] for member in members)])

    async def clean_up(self, ring: Json, kept: list[str]) -> None:
        """Somebody else's business: see `seen_deleting`."""

    async def drain(self, request: Request) -> None:
        """Let a deleted member go: its own finalizer."""
        try:
            member = await self.client.get(API, "Member", request.name, request.namespace)
            if is_deleting(member) and member["metadata"].get("finalizers"):
                body = {"metadata": {"finalizers": None, "uid": member["metadata"]["uid"]}}
                await self.client.patch(API, "Member", request.name, request.namespace, body=body)
        except NotFound:
            return

    async def delete_data(self, request: Request) -> None:
        try:
            data = await self.client.live.get("v1", "ConfigMap", f"data-{request.name}", request.namespace)
            await _delete(self.client, "v1", "ConfigMap", data)
        except NotFound:
            return

    async def _create(self, obj: Json) -> None:
        try:
            await self.client.create(obj)
        except AlreadyExists:
            return


class LevelTriggeredRing(Ring):
    async def clean_up(self, ring: Json, kept: list[str]) -> None:
        metadata = ring["metadata"]
        labels = f"{RING}={metadata['name']}"
        for data in await self.client.list("v1", "ConfigMap", metadata["namespace"], labels=labels):
            if data["metadata"]["name"].removeprefix("data-") not in kept:
                await _delete(self.client, "v1", "ConfigMap", data)


def seen_deleting(event_type: str, old: Json | None, new: Json | None) -> bool:
    return event_type == "MODIFIED" and new is not None and is_deleting(new)


def wrong(client: Client) -> list[Part]:
    ring = Ring(client)
    cleaner = Controller(
        name="cleaner", reconcile=ring.delete_data, watches=[Watch(API, "Member", predicate=seen_deleting)]
    )
    return [*_controllers(ring), cleaner]


def fixed(client: Client) -> list[Part]:
    return _controllers(LevelTriggeredRing(client))


def _controllers(ring: Ring) -> list[Part]:
    parts = [Watch(API, "Member", map=_ring_of), Watch("v1", "ConfigMap", map=_ring_of)]
    return [
        Controller(name="ring", reconcile=ring.reconcile, watches=[Watch(API, "Ring"), *parts]),
        Controller(name="drainer", reconcile=ring.drain, watches=[Watch(API, "Member")]),
    ]


def _ring_of(part: Json) -> list[Request]:
    ring = (part["metadata"].get("labels") or {}).get(RING)
    return [Request(part["metadata"]["namespace"], ring)] if ring else []


def _member(name: str, ring: str) -> Json:
    member = custom("Member", name, {})
    member["metadata"] |= {"finalizers": [DRAINED], "labels": {RING: ring}}
    return member


async def _delete(client: Client, api_version: str, kind: str, obj: Json) -> None:
    metadata = obj["metadata"]
    try:
        await client.delete(api_version, kind, metadata["name"], metadata["namespace"], uid=metadata["uid"])
    except NotFound:
        return


ENTRY = Entry(
    id="unseen-deletion",
    property="converges",
    faults=(
        "watch_gap",
        "crash",
        "late_commit",
        "time_travel",
        "apiserver_crash",
        "partition",
    ),
    bug="https://github.com/instaclustr/cassandra-operator/issues/398",
    tags=("unobserved state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Ring", {"size": {"type": "integer", "minimum": 0}}),
        definition("Member", {}),
        custom("Ring", "ring", {"size": 3}),
    ),
    trial_options={"workload": [patch("Ring", "ring", {"size": 1})]},
)
