"""Generated names: an operator that fills one role twice, because it does not see its own child yet.

The bug: whether the role is filled is asked of the cache, and the child has a generated name, so nothing refuses a
second one. The older one is deleted as soon as both are seen, and the end state looks as it should; but for a while
two of them have acted. Real case: cert-manager made two requests for one revision of a certificate, and the issuer was
asked twice (and, unlike here, nobody deleted either).

Weather: whatever keeps the child from the operator's cache; a create whose answer is lost.
Caught by: `unique_children`.
The twin names the child after its role: the second create is refused.
"""

from contextlib import suppress
from typing import Any

from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

Json = dict[str, Any]
ROLE = "app.kubernetes.io/component"
TEXT = {"type": "string"}


class GeneratesNames:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            team = await self.client.get(API, "Team", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(team):
            return
        leaders = [
            found
            for found in await self.client.list("v1", "ConfigMap", request.namespace, labels=f"{ROLE}=leader")
            if is_controlled_by(found, team)
        ]
        if not leaders:
            metadata = {**self.name_for(team), "labels": {ROLE: "leader"}}
            with suppress(AlreadyExists):
                await self.client.create(config_map(metadata, {"since": "today"}, team))
            await self._set_phase(team, "Starting")
            return
        for older in sorted(leaders, key=_age)[:-1]:
            await self._delete(older)
        await self._set_phase(team, "Complete")

    def name_for(self, team: Json) -> Json:
        return {"generateName": f"{team['metadata']['name']}-"}

    async def _set_phase(self, team: Json, phase: str) -> None:
        metadata, status = team["metadata"], {"phase": phase}
        if team.get("status") != status:
            body = {"metadata": {"uid": metadata["uid"]}, "status": status}
            await self.client.patch(
                API, "Team", metadata["name"], metadata["namespace"], body=body, subresource="status"
            )

    async def _delete(self, leader: Json) -> None:
        metadata = leader["metadata"]
        try:
            await self.client.delete("v1", "ConfigMap", metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except (NotFound, Conflict):
            return


class NamesItAfterTheRole(GeneratesNames):
    def name_for(self, team: Json) -> Json:
        return {"name": f"{team['metadata']['name']}-leader"}


def _age(leader: Json) -> tuple[str, str]:
    return leader["metadata"]["creationTimestamp"], leader["metadata"]["name"]


def wrong(client: Client) -> Controller:
    return _controller(GeneratesNames(client))


def fixed(client: Client) -> Controller:
    return _controller(NamesItAfterTheRole(client))


def _controller(reconciler: GeneratesNames) -> Controller:
    return Controller(
        name="teams",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Team"), Watch("v1", "ConfigMap", owner="Team")],
    )


ENTRY = Entry(
    id="two-for-one-role",
    property="unique_children",
    faults=(*CACHE_BEHIND, "relist", "compaction", "crash", "late_commit", "reply_lost", "owned_deleted"),
    bug="https://github.com/cert-manager/cert-manager/issues/4956",
    tags=("stale read", "names"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Team", {"name": TEXT}, {"phase": TEXT}), custom("Team", "blue", {"name": "Blue"})),
    trial_options={
        "workload": [],
        "built_ins": "none",
        "properties": ("unique_children", "converges", "idempotent", "no_hot_loop", "no_panic"),
    },
)
