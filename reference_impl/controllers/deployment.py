"""The Deployment controller: one ReplicaSet a pod template, and replicas moved from old to new within the limits.

Choreography: it writes ReplicaSets and hears of pods only through their status. ReplicaSets are named after their
template, so that an ambiguous create can be repeated, and a template that comes back finds its ReplicaSet again (a
rollback). A name taken by another template raises `collisionCount`, which changes the hash (kubernetes#29735).
Every write to a ReplicaSet carries its resourceVersion: availability was read from that very revision.

More careful than the original where it destroys or promises something: old ReplicaSets are deleted under uid and
resourceVersion, after a live look at the Deployment; and Recreate looks live at the old pods before it makes new ones,
since a lagging pod cache shows none. Not modelled: the deprecated rollback annotation, events.

Source: `pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,progress}.go`.
"""

from reference_impl.apiserver.selectors import match_expressions
from reference_impl.controllers import rollout
from reference_impl.controllers.deployment_pass import API_VERSION, KIND, DeploymentPass
from reference_impl.controllers.ownership import Claims, candidates, labels_of
from reference_impl.controllers.pods import is_terminal
from reference_impl.controllers.replicaset import is_orphan
from reference_impl.errors import NotFound
from reference_impl.objects import (
    controller_of,
    is_deleting,
    name_of,
    namespace_of,
    uid_of,
)
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Watch


class DeploymentReconciler:
    """Reconciles one Deployment a call; remembers nothing between calls."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            deployment = await self.client.get(API_VERSION, KIND, request.name, request.namespace)
        except NotFound:
            return None
        cached = candidates(self.client, deployment, API_VERSION, "ReplicaSet")
        matches = match_expressions(deployment["spec"]["selector"])
        claims = Claims(self.client, deployment, api_version=API_VERSION, kind="ReplicaSet", matches=matches)
        owned = sorted(await claims.of(cached), key=rollout.age_key)
        pass_ = DeploymentPass(self.client, deployment, owned)
        if is_deleting(deployment):
            return await pass_.report_counts()
        await pass_.note_pause()
        if deployment["spec"].get("paused") or rollout.is_scaling(deployment, owned):
            return await pass_.scale()
        if rollout.is_rolling(deployment):
            return await pass_.roll()
        return await pass_.recreate()

    # -------------------------------------------------------------------------------------------------- what is heard

    async def adopters(self, replica_set: JsonObject) -> list[Request]:
        """Deployments whose selector matches a ReplicaSet without owner."""
        if controller_of(replica_set) is not None:
            return []
        return await self._matching(replica_set)

    async def waiting_for(self, pod: JsonObject) -> list[Request]:
        """Recreate deployments that may have waited for this pod to end."""
        return await self._matching(pod, recreate_only=True)

    async def _matching(self, obj: JsonObject, *, recreate_only: bool = False) -> list[Request]:
        deployments = await self.client.list(API_VERSION, KIND, namespace_of(obj))
        return [
            Request(namespace_of(obj), name_of(deployment))
            for deployment in deployments
            if match_expressions(deployment["spec"]["selector"])(labels_of(obj))
            and not (recreate_only and rollout.is_rolling(deployment))
        ]


def pod_ended(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    """A pod is gone, or its containers have ended for good."""
    return old is not None and (new is None or uid_of(new) != uid_of(old) or is_terminal(new))


def deployment(client: Client) -> Controller:
    """Factory of the Deployment controller."""
    reconciler = DeploymentReconciler(client)
    return Controller(
        name="deployment",
        reconcile=reconciler.reconcile,
        watches=[
            Watch(API_VERSION, KIND),
            Watch(API_VERSION, "ReplicaSet", owner=KIND, owner_api_version=API_VERSION),
            Watch(API_VERSION, "ReplicaSet", map=reconciler.adopters, predicate=is_orphan),
            Watch("v1", "Pod", map=reconciler.waiting_for, predicate=pod_ended),
        ],
        workers=5,
    )
