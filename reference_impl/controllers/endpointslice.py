"""The EndpointSlice controller: for each Service with a selector, the pods behind it.

Slices have generated names, so a slice that the cache has not shown yet would be created again. The original keeps a
tracker of the generations it expects; here a sync that finds work reads Service, pods and slices from an API server and
works from those, which also covers what a tracker in memory cannot: crashes and ambiguous creates.

The controller watches its own slices: what others edit or delete is put back (kubernetes#85353).

Source: `pkg/controller/endpointslice`. The packing is `endpoints.py`.
"""

from collections.abc import Sequence
from typing import Final

from reference_impl.controllers.endpoints import (
    SERVICE_NAME_LABEL,
    Changes,
    changes_for,
    is_managed,
    is_served,
    selects,
)
from reference_impl.errors import NotFound
from reference_impl.objects import is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Watch

DISCOVERY: Final = "discovery.k8s.io/v1"


class EndpointSliceReconciler:
    """Keeps the slices of one Service."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            service = await self.client.get("v1", "Service", request.name, request.namespace)
        except NotFound:
            return  # Its slices are the garbage collector's.
        pods = await self.client.list("v1", "Pod", request.namespace)
        slices = await self.client.list(DISCOVERY, "EndpointSlice", request.namespace)
        if self._changes(service, pods, slices):
            await self._act(request)

    def _changes(self, service: JsonObject, pods: Sequence[JsonObject], slices: Sequence[JsonObject]) -> Changes:
        if not is_served(service) or is_deleting(service):
            return Changes()
        mine = [one for one in slices if is_managed(one, name_of(service)) and not is_deleting(one)]
        return changes_for(service, [pod for pod in pods if selects(service, pod)], mine)

    async def _act(self, request: Request) -> None:
        """Look live, the Service first, and do what is left to do. Raises `Conflict` where somebody was faster."""
        live, namespace = self.client.live, request.namespace
        try:
            service = await live.get("v1", "Service", request.name, namespace)
        except NotFound:
            return
        label = f"{SERVICE_NAME_LABEL}={request.name}"
        pods = (await live.list("v1", "Pod", namespace))["items"]
        slices = (await live.list(DISCOVERY, "EndpointSlice", namespace, labels=label))["items"]
        changes = self._changes(service, pods, slices)
        # Creations first, deletions last: no endpoint is ever missing from all slices on the way.
        for new in changes.create:
            await self.client.create(new)
        for changed in changes.update:
            await self.client.update(changed)
        for gone in changes.delete:
            try:
                await self.client.delete(DISCOVERY, "EndpointSlice", name_of(gone), namespace, uid=uid_of(gone))
            except NotFound:
                continue

    async def services_of_pod(self, pod: JsonObject) -> list[Request]:
        """The Services that select the pod, as cached."""
        services = await self.client.list("v1", "Service", namespace_of(pod))
        return [
            Request(namespace_of(service), name_of(service))
            for service in services
            if is_served(service) and selects(service, pod)
        ]

    def service_of_slice(self, endpoint_slice: JsonObject) -> list[Request]:
        """The Service that a slice's label names, managed by this controller or not: a label can be edited away."""
        name = (endpoint_slice["metadata"].get("labels") or {}).get(SERVICE_NAME_LABEL)
        return [Request(namespace_of(endpoint_slice), name)] if name else []


def endpointslice(client: Client) -> Controller:
    """The controller's factory: one process, one worker."""
    reconciler = EndpointSliceReconciler(client)
    return Controller(
        name="endpointslice",
        reconcile=reconciler.reconcile,
        watches=[
            Watch("v1", "Service"),
            Watch("v1", "Pod", map=reconciler.services_of_pod),
            Watch(DISCOVERY, "EndpointSlice", map=reconciler.service_of_slice),
        ],
    )
