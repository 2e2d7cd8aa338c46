"""Benign transitions: Pending, Progressing, Ready, and Progressing again at each change.

Looks wrong: the status goes back from Ready, and three writes come of each change where one would do. Is not: a phase
is for people to look at, each is true while it stands, and the last one always comes.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.awkward.entry import Awkward
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_controlled_by, is_deleting

Json = dict[str, Any]

AGAIN_S = 1.0


class Rollouts:
    """One ConfigMap for each rollout, and a phase that tells how far it is."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            rollout = await self.client.get(API, "Rollout", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(rollout):
            return
        if not rollout.get("status"):
            await self._say(rollout, "Pending")
            return
        try:
            found = await self.client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            found = None
        data = {"release": rollout["spec"]["release"]}
        if found is not None and found.get("data") == data and is_controlled_by(found, rollout):
            await self._say(rollout, "Ready")
            return
        await self._say(rollout, "Progressing")
        if found is None:
            await self.client.create(config_map({"name": request.name}, data, rollout))
        elif is_deleting(found) or not is_controlled_by(found, rollout):
            raise Retry(AGAIN_S, reason="an older one is still there")
        else:
            await self.client.update({**found, "data": data})

    async def _say(self, rollout: Json, phase: str) -> None:
        status = {"phase": phase, "observedGeneration": rollout["metadata"]["generation"]}
        if rollout.get("status") != status:
            await self.client.update_status({**rollout, "status": status})


def rollouts(client: Client) -> Controller:
    return Controller(
        name="rollouts",
        reconcile=Rollouts(client).reconcile,
        watches=[Watch(API, "Rollout"), Watch("v1", "ConfigMap", owner="Rollout")],
    )


ENTRY = Awkward(
    id="restless-phase",
    about="Its phase falls back from Ready to Progressing at each change, which is true while it stands, and passes.",
    controller=rollouts,
    manifests=(
        definition(
            "Rollout",
            {"release": {"type": "string"}},
            {"phase": {"type": "string"}, "observedGeneration": {"type": "integer"}},
        ),
        custom("Rollout", "shop", {"release": "one"}),
    ),
)
