"""The disruption controller: keeps each PodDisruptionBudget's status, by which the API server judges evictions.

The status is a promise about the future made from the past, and every write is conditional on the budget's
resourceVersion: an eviction that was allowed meanwhile makes it fail, and the count is made anew. When a sync finds the
status wrong it reads the budget and then the pods from an API server, so that a lagging cache cannot give back
disruptions that are spent.

Source: `pkg/controller/disruption`. Not modelled: clearing a pod's DisruptionTarget condition.
ReplicationControllers are asked through their scale subresource, like any other kind.
"""

from collections.abc import Sequence
from typing import Any, Final

from reference_impl.apiserver.selectors import match_expressions
from reference_impl.controllers.disruption_budget import (
    failed_status,
    has_bounds,
    needs_scale,
    next_status,
    still_disrupted,
)
from reference_impl.errors import ApiError, NotFound
from reference_impl.objects import controller_of, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Watch

POLICY: Final = "policy/v1"
BUDGET: Final = "PodDisruptionBudget"
RETRY_S: Final = 60.0
"""When to look again at pods whose owner has no scale. Arbitrary; pod and owner events come sooner."""
_WITH_REPLICAS: Final = (("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet"), ("apps/v1", "Deployment"))


class _Unscaled(Exception):
    """A pod has no controller whose scale could be asked, so "how many should there be" has no answer."""


class DisruptionReconciler:
    """Keeps the status of one budget."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            budget = await self.client.get(POLICY, BUDGET, request.name, request.namespace)
        except NotFound:
            return None
        pods = await self.client.list("v1", "Pod", request.namespace)
        status, recheck_s = await self._status(budget, pods, read=self.client)
        if status != (budget.get("status") or {}):
            try:
                budget = await self.client.live.get(POLICY, BUDGET, request.name, request.namespace)
            except NotFound:
                return None
            pods = (await self.client.live.list("v1", "Pod", request.namespace))["items"]
            status, recheck_s = await self._status(budget, pods, read=self.client.live)
            if status != (budget.get("status") or {}):
                await self.client.update_status({**budget, "status": status})
        return Result(requeue_after_s=recheck_s) if recheck_s else None

    async def _status(
        self, budget: JsonObject, all_pods: Sequence[JsonObject], read: Any
    ) -> tuple[JsonObject, float | None]:
        """The status that the pods amount to, and when time alone may change it. `read`: the client, or its `live`."""
        matches = match_expressions(budget["spec"].get("selector"))
        pods = [pod for pod in all_pods if matches(pod["metadata"].get("labels") or {})]
        now = self.client.now()
        expected = len(pods) if has_bounds(budget) else 0
        try:
            if needs_scale(budget):
                expected = await self._expected(pods, read)
        except _Unscaled as why:
            return failed_status(budget, str(why), now), RETRY_S
        disrupted = still_disrupted(budget, pods, now)
        return next_status(budget, pods, expected, disrupted, now), disrupted.recheck_s

    async def _expected(self, pods: Sequence[JsonObject], read: Any) -> int:
        """The sum of what the pods' controllers want (`getExpectedScale`). Pods without a controller do not count.

        Raises:
            _Unscaled: a controller cannot be asked.
        """
        scales: dict[str, int] = {}
        known: dict[str, None] = {}
        for pod in sorted(pods, key=name_of):
            controller = controller_of(pod)
            if controller is None or controller["uid"] in known:
                continue
            known[controller["uid"]] = None
            uid, replicas = await self._scale(pod, controller, read)
            scales[uid] = replicas
        return sum(scales.values())

    async def _scale(self, pod: JsonObject, controller: JsonObject, read: Any) -> tuple[str, int]:
        """(uid, replicas) of the controller; of a Deployment's ReplicaSet the Deployment's."""
        namespace = namespace_of(pod)
        api_version, kind, name = controller["apiVersion"], controller["kind"], controller["name"]
        try:
            if (api_version, kind) not in _WITH_REPLICAS:
                scale = await self.client.live.get(api_version, kind, name, namespace, subresource="scale")
                return controller["uid"], (scale.get("spec") or {}).get("replicas") or 0
            owner = await read.get(api_version, kind, name, namespace)
            if uid_of(owner) != controller["uid"]:
                raise _Unscaled(f'found no controllers for pod "{name_of(pod)}"')
            above = controller_of(owner)
            if kind == "ReplicaSet" and above is not None and above["kind"] == "Deployment":
                owner = await read.get("apps/v1", "Deployment", above["name"], namespace)
        except NotFound as missing:
            raise _Unscaled(f'found no controllers for pod "{name_of(pod)}"') from missing
        except ApiError as error:
            if error.status in (405, 501):
                raise _Unscaled(f"{kind} does not implement the scale subresource") from error
            raise
        replicas = owner["spec"].get("replicas")
        return uid_of(owner), 1 if replicas is None else replicas

    async def budgets_of_pod(self, pod: JsonObject) -> list[Request]:
        """The budgets that select the pod, as cached."""
        budgets = await self.client.list(POLICY, BUDGET, namespace_of(pod))
        labels = pod["metadata"].get("labels") or {}
        return [
            Request(namespace_of(budget), name_of(budget))
            for budget in budgets
            if match_expressions(budget["spec"].get("selector"))(labels)
        ]

    async def budgets_near(self, owner: JsonObject) -> list[Request]:
        """The budgets of the namespace that depend on how many pods some owner wants."""
        budgets = await self.client.list(POLICY, BUDGET, namespace_of(owner))
        return [Request(namespace_of(budget), name_of(budget)) for budget in budgets if needs_scale(budget)]


def disruption(client: Client) -> Controller:
    """The controller's factory: one process, one worker."""
    reconciler = DisruptionReconciler(client)
    return Controller(
        name="disruption",
        reconcile=reconciler.reconcile,
        watches=[
            Watch(POLICY, BUDGET),
            Watch("v1", "Pod", map=reconciler.budgets_of_pod),
            *(Watch(api_version, kind, map=reconciler.budgets_near) for api_version, kind in _WITH_REPLICAS),
        ],
    )
