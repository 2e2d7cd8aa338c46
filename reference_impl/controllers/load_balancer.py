"""The Service controller of a cloud: a load balancer outside for each Service of type LoadBalancer.

The outside system gives no watch and forgets no mistake, so the order of writes is everything:

    finalizer on the Service ──► create outside, keyed by the Service's uid ──► status.loadBalancer
    delete outside           ──► status cleared (if the Service stays)      ──► finalizer off

A crash between any two leaves something that the next sync finishes. The key makes a repeated create return the first
load balancer; one that is gone already counts as deleted (tailscale#19441); and no effect happens for a Service that
was not, just now and live, of type LoadBalancer, not deleting and carrying the finalizer.

Because nothing outside announces itself, every Service is looked at again each `RESYNC_S`, and a sweep asks the cloud
for load balancers whose Service is gone: what a late create left behind. A stale list outside does no harm: what it
still shows is deleted twice, what it does not show yet is found by the next sweep.

Source: `cloud-provider/controllers/service`. Not modelled: nodes as targets, loadBalancerClass, ports' health.
"""

from typing import Final

from reference_impl.errors import NotFound
from reference_impl.objects import copy_json, is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Watch

SYSTEM: Final = "cloud-lb"
"""What `client.external` calls the cloud."""
FINALIZER: Final = "service.kubernetes.io/load-balancer-cleanup"
RESYNC_S: Final = 100.0
"""`nodeSyncPeriod` of the cloud's service controller."""
_SWEEP: Final = Request(None, "sweep")


def wants_load_balancer(service: JsonObject) -> bool:
    spec = service["spec"]
    return spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass") and not is_deleting(service)


def has_finalizer(service: JsonObject) -> bool:
    return FINALIZER in (service["metadata"].get("finalizers") or ())


def description_of(service: JsonObject) -> JsonObject:
    """What the load balancer outside should look like."""
    ports = [
        {key: port[key] for key in ("name", "port", "nodePort", "protocol") if port.get(key) is not None}
        for port in service["spec"].get("ports") or ()
    ]
    return {"owner": uid_of(service), "service": f"{namespace_of(service)}/{name_of(service)}", "ports": ports}


def status_for(load_balancer: JsonObject) -> JsonObject:
    """`status.loadBalancer` of a Service that this load balancer stands before."""
    return {"ingress": [{"hostname": f"{load_balancer['id']}.{SYSTEM}.example"}]}


class LoadBalancerReconciler:
    """Keeps one Service and its load balancer together."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cloud = client.external(SYSTEM)

    async def reconcile(self, request: Request) -> Result | None:
        try:
            service = await self.client.get("v1", "Service", request.name, request.namespace)
            if not wants_load_balancer(service) and not has_finalizer(service):
                return None
            service = await self.client.live.get("v1", "Service", request.name, request.namespace)
        except NotFound:
            return None  # It could not go before its load balancer did; or it never had one.
        if wants_load_balancer(service):
            await self._ensure(service)
            return Result(requeue_after_s=RESYNC_S)
        if has_finalizer(service):
            await self._clean_up(service)
        return None

    async def _ensure(self, service: JsonObject) -> None:
        """Bring the outside in line. `service` was just read live."""
        if not has_finalizer(service):
            marked = copy_json(service)
            marked["metadata"].setdefault("finalizers", []).append(FINALIZER)
            service = await self.client.update(marked)
        key, wanted = uid_of(service), description_of(service)
        load_balancer = await self.cloud.call("get", key)
        if load_balancer is None:
            load_balancer = await self.cloud.call("create", key, wanted)
        if load_balancer is not None and {**load_balancer, **wanted} != load_balancer:
            load_balancer = await self.cloud.call("update", key, wanted)
        assert load_balancer is not None, f"the cloud created load balancer {key} and then answered with nothing"
        await self._set_status(service, status_for(load_balancer))

    async def _clean_up(self, service: JsonObject) -> None:
        """Take the outside away, and only then let the Service go. Its being gone already is success."""
        await self.cloud.call("delete", uid_of(service))
        if not is_deleting(service):
            service = await self._set_status(service, {})
        freed = copy_json(service)
        freed["metadata"]["finalizers"] = [name for name in service["metadata"]["finalizers"] if name != FINALIZER]
        await self.client.update(freed)

    async def _set_status(self, service: JsonObject, load_balancer: JsonObject) -> JsonObject:
        """Write `status.loadBalancer` if it differs; returns the Service as it is then."""
        status = service.get("status") or {}
        if (status.get("loadBalancer") or {}) == load_balancer:
            return service
        return await self.client.update_status({**service, "status": {**status, "loadBalancer": load_balancer}})


class Sweeper:
    """Looks for load balancers whose Service is gone."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cloud = client.external(SYSTEM)

    async def reconcile(self, _: Request) -> Result:
        """The cloud is asked first: a Service that a load balancer was made for is then in the newer list, or gone."""
        answer = await self.cloud.call("list") or {}
        items = [item for item in answer.get("items") or () if item.get("owner")]
        if items:
            services = (await self.client.live.list("v1", "Service"))["items"]
            owners = dict.fromkeys(uid_of(service) for service in services if _may_own(service))
            for item in items:
                if item["owner"] not in owners:
                    await self.cloud.call("delete", item["id"])
        return Result(requeue_after_s=RESYNC_S)


def _may_own(service: JsonObject) -> bool:
    """A Service whose load balancer is its own sync's business, to keep or to clean up."""
    return wants_load_balancer(service) or has_finalizer(service)


def _concerns_cloud(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    return any(obj is not None and (wants_load_balancer(obj) or has_finalizer(obj)) for obj in (old, new))


def load_balancer(client: Client) -> list[Controller]:
    """The factory: one process, with the Services in one queue and the sweep in another."""
    return [
        Controller(
            name="load-balancer", reconcile=LoadBalancerReconciler(client).reconcile, watches=[Watch("v1", "Service")]
        ),
        Controller(
            name="load-balancer-sweep",
            reconcile=Sweeper(client).reconcile,
            watches=[Watch("v1", "Service", map=lambda _: [_SWEEP], predicate=_concerns_cloud)],
        ),
    ]
