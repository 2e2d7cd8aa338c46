"""A Website: a page in a ConfigMap, and a Deployment that serves it. Written against the public names only.

The order of things and the preconditions are what makes it survive bad weather:

- names follow from the Website's name, so that a create whose answer was lost can be repeated: `AlreadyExists` then
  says that it had worked;
- what has the right name and another owner is left alone, and the Website says so in its status;
- updates carry the resourceVersion that was read, so that an old cache loses against the server and is asked again;
- nothing is remembered between two passes: a restart changes nothing.
"""

from typing import Any

from seatrial import AlreadyExists, Client, Controller, NotFound, Request, Result, Watch

API = "example.com/v1"
Object = dict[str, Any]


class WebsiteReconciler:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            site = await self.client.get(API, "Website", request.name, request.namespace)
        except NotFound:
            return None
        if site["metadata"].get("deletionTimestamp"):
            return None  # what it owns is the garbage collector's
        taken = [
            wanted["kind"]
            for wanted in (page_of(site), deployment_of(site))
            if not await self._bring_about(site, wanted)
        ]
        await self._report(site, taken)
        return None

    async def _bring_about(self, site: Object, wanted: Object) -> bool:
        """Create or correct one owned object. False if its name is taken by a stranger."""
        metadata = wanted["metadata"]
        try:
            found = await self.client.get(wanted["apiVersion"], wanted["kind"], metadata["name"], metadata["namespace"])
        except NotFound:
            try:
                await self.client.create(wanted)
                return True
            except AlreadyExists:
                # Our cache has not heard of it yet, or an earlier create did get through: look at what is there.
                found = await self.client.live.get(
                    wanted["apiVersion"], wanted["kind"], metadata["name"], metadata["namespace"]
                )
        if not is_controlled_by(found, site):
            return False
        if found["metadata"].get("deletionTimestamp") or not differs(found, wanted):
            return True
        for part in ("data", "spec"):
            if part in wanted:
                found[part] = merged(found.get(part), wanted[part])
        await self.client.update(found)
        return True

    async def _report(self, site: Object, taken: list[str]) -> None:
        status: Object = {"observedGeneration": site["metadata"]["generation"]}
        if taken:
            status["problem"] = f"the name is taken by another {' and '.join(taken)}"
        if site.get("status") != status:
            await self.client.update_status({**site, "status": status})


def page_of(site: Object) -> Object:
    page = {"index.html": f"<h1>{site['spec']['title']}</h1>"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata_of(site), "data": page}


def deployment_of(site: Object) -> Object:
    labels = {"website": site["metadata"]["name"]}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    spec = {"replicas": site["spec"]["size"], "selector": {"matchLabels": labels}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata_of(site), "spec": spec}


def metadata_of(site: Object) -> Object:
    name, namespace = site["metadata"]["name"], site["metadata"]["namespace"]
    owner = {"apiVersion": API, "kind": "Website", "name": name, "uid": site["metadata"]["uid"], "controller": True}
    return {"name": name, "namespace": namespace, "ownerReferences": [owner]}


def is_controlled_by(found: Object, site: Object) -> bool:
    owners = found["metadata"].get("ownerReferences") or []
    return any(owner.get("controller") and owner["uid"] == site["metadata"]["uid"] for owner in owners)


def differs(found: Object, wanted: Object) -> bool:
    """Has it lost something of what is wanted? What the server filled in besides does not count."""
    return any(part in wanted and merged(found.get(part), wanted[part]) != found.get(part) for part in ("data", "spec"))


def merged(found: Any, wanted: Any) -> Any:
    """What is wanted, over what there is."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {**found, **{key: merged(found.get(key), value) for key, value in wanted.items()}}
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        return [merged(one, other) for one, other in zip(found, wanted, strict=True)]
    return wanted


def website(client: Client) -> Controller:
    return Controller(
        name="website",
        reconcile=WebsiteReconciler(client).reconcile,
        watches=[
            Watch(API, "Website"),
            Watch("v1", "ConfigMap", owner="Website"),
            Watch("apps/v1", "Deployment", owner="Website"),
        ],
    )
