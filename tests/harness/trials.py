"""A small trial for tests of the harness itself: a Website, whose controller keeps a ConfigMap, rightly or wrongly."""

from typing import Any

from harness.trial import Trial
from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch

CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "websites.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "websites", "singular": "website", "kind": "Website"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {"size": {"type": "integer", "minimum": 1, "maximum": 5}},
                            }
                        },
                    }
                },
            }
        ],
    },
}
SITE: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Website",
    "metadata": {"name": "front", "namespace": "default"},
    "spec": {"size": 2},
}


def child_of(site: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    owner = {
        "apiVersion": "example.com/v1",
        "kind": "Website",
        "name": site["metadata"]["name"],
        "uid": site["metadata"]["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "default", "ownerReferences": [owner], **metadata},
        "data": {"size": str(site["spec"].get("size", 1))},
    }


def steady(client: Client) -> Controller:
    """Keeps one ConfigMap of the site's name, level-based."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        wanted = child_of(site, name=request.name)
        try:
            present = await client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            await client.create(wanted)
            return
        if present.get("data") != wanted["data"]:
            present["data"] = wanted["data"]
            await client.update(present)

    return _controller("steady", reconcile)


def forgetful(client: Client) -> Controller:
    """Wrong: generates the child's name, so that a create whose reply was lost is done twice."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        if not site["metadata"].get("annotations", {}).get("made"):
            await client.create(child_of(site, generateName="front-"))
            body = {"metadata": {"annotations": {"made": "yes"}}}
            await client.patch("example.com/v1", "Website", request.name, request.namespace, body=body)

    return _controller("forgetful", reconcile)


def restless(client: Client) -> Controller:
    """Wrong in any weather: counts its own reconciles in the object that triggers them."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        count = int(site["metadata"].get("annotations", {}).get("count", "0")) + 1
        body = {"metadata": {"annotations": {"count": str(count)}}}
        await client.patch("example.com/v1", "Website", request.name, request.namespace, body=body)

    return _controller("restless", reconcile)


ERRED: list[str] = []


def wrong_once(client: Client) -> Controller:
    """Not deterministic: makes a child too many after an error, but only once in the life of a process (`ERRED`)."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        try:
            await client.create(child_of(site, name=request.name))
        except AlreadyExists:
            return
        except ApiError:
            if not ERRED:
                ERRED.append(request.name)
                await client.create(child_of(site, generateName="more-"))
            raise

    return _controller("wrong-once", reconcile)


def _controller(name: str, reconcile: Any) -> Controller:
    watches = [Watch("example.com/v1", "Website"), Watch("v1", "ConfigMap", owner="Website")]
    return Controller(name=name, reconcile=reconcile, watches=watches)


def trial(factory: Any = steady, **options: Any) -> Trial:
    return Trial([factory], [CRD, SITE], **{"built_ins": ("garbage-collector", "namespace"), **options})
