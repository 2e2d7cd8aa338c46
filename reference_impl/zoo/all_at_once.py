"""Stale read: a rolling restart that takes the second member down before the first is back.

The bug: before it restarts the next member, the operator counts in its cache who is missing. Its own last deletion does
not show there yet, so nobody is, and the quorum is gone. Real case: M3DB's operator read a status that was one step
behind, and updated more than one instance of a replicated database at once.

Weather: whatever keeps pod events from the operator for longer than the pause that it makes after each restart.
Caught by: `availability_stays_within_budget` (a StatefulSet's rolling update goes one at a time).
The twin counts live.
"""

from typing import Any

from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Part, Request, Watch
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.manifests import NAMESPACE, is_controlled_by, is_deleting, reference_to

Json = dict[str, Any]
VERSION = "zoo.seatrial.dev/version"
PAUSE_S = 0.5
START_S = 2.0
READY = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}


class CountsInItsCache:
    """Keeps the members of a StatefulSet at its version; nobody else does in this little world."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            owner = await self.client.get("apps/v1", "StatefulSet", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(owner):
            return
        members = _own(await self.client.list("v1", "Pod", request.namespace), owner)
        names = [member["metadata"]["name"] for member in members]
        for name in [name for name in _names(owner) if name not in names]:
            await self.create(owner, name)
        for member in [member for member in members if _version(member) != _version(owner)]:
            if any(not _is_ready(other) for other in await self.members(owner)):
                return  # its event will wake us
            await self.restart(member)
            await self.client.sleep(PAUSE_S)

    async def members(self, owner: Json) -> list[Json]:
        """Who is missing is not ready."""
        pods = _own(await self.client.list("v1", "Pod", owner["metadata"]["namespace"]), owner)
        return [*pods, *({} for _ in range(len(pods), owner["spec"]["replicas"]))]

    async def create(self, owner: Json, name: str) -> None:
        try:
            await self.client.create(_pod(owner, name))
        except AlreadyExists:
            return

    async def restart(self, member: Json) -> None:
        metadata = member["metadata"]
        try:
            await self.client.delete("v1", "Pod", metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except (NotFound, Conflict):
            return  # it is another one by now


class CountsLive(CountsInItsCache):
    async def members(self, owner: Json) -> list[Json]:
        listed = await self.client.live.list("v1", "Pod", owner["metadata"]["namespace"])
        pods = _own(listed["items"], owner)
        return [*pods, *({} for _ in range(len(pods), owner["spec"]["replicas"]))]


class Nurse:
    """Makes pods ready some time after they were made, as a node would."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            pod = await self.client.get("v1", "Pod", request.name, request.namespace)
            if not _is_ready(pod):
                await self.client.sleep(START_S)
                await self.client.update_status({**pod, **READY})
        except (NotFound, Conflict):
            return


def _own(pods: list[Json], owner: Json) -> list[Json]:
    return [pod for pod in pods if is_controlled_by(pod, owner)]


def _names(owner: Json) -> list[str]:
    return [f"{owner['metadata']['name']}-{ordinal}" for ordinal in range(owner["spec"]["replicas"])]


def _version(obj: Json) -> str | None:
    return (obj["metadata"].get("annotations") or {}).get(VERSION)


def _is_ready(pod: Json) -> bool:
    return bool((pod.get("status") or {}).get("conditions"))


def _pod(owner: Json, name: str) -> Json:
    template = owner["spec"]["template"]
    metadata = {
        "name": name,
        "namespace": owner["metadata"]["namespace"],
        "labels": template["metadata"]["labels"],
        "annotations": {VERSION: _version(owner)},
        "ownerReferences": [reference_to(owner)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def wrong(client: Client) -> list[Part]:
    return _parts(client, CountsInItsCache(client))


def fixed(client: Client) -> list[Part]:
    return _parts(client, CountsLive(client))


def _parts(client: Client, restarts: CountsInItsCache) -> list[Part]:
    watches = [Watch("apps/v1", "StatefulSet"), Watch("v1", "Pod", owner="StatefulSet")]
    return [
        Controller(name="restarts", reconcile=restarts.reconcile, watches=watches),
        Controller(name="nurse", reconcile=Nurse(client).reconcile, watches=[Watch("v1", "Pod")], workers=3),
    ]


_SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db", "namespace": NAMESPACE, "annotations": {VERSION: "1"}},
    "spec": {
        "replicas": 2,
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "db"}},
        "template": {
            "metadata": {"labels": {"app": "db"}},
            "spec": {"containers": [{"name": "db", "image": "db:1"}]},
        },
    },
}

_UPGRADE = {
    "do": "patch",
    "api_version": "apps/v1",
    "kind": "StatefulSet",
    "name": "db",
    "body": {"metadata": {"annotations": {VERSION: "2"}}},
}

ENTRY = Entry(
    id="all-at-once",
    property="availability_stays_within_budget",
    faults=CACHE_BEHIND,
    bug="https://github.com/m3db/m3db-operator/issues/271",
    tags=("stale read", "generation"),
    wrong=wrong,
    fixed=fixed,
    manifests=(_SET,),
    trial_options={
        "workload": [_UPGRADE],
        "built_ins": ("garbage-collector", "namespace"),
        "properties": ("availability_stays_within_budget", "converges", "no_panic"),
    },
)
