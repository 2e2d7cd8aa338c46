"""Controllers and a trial that the determinism tests run in processes of their own."""

import sys
from typing import Any

from seatrial import Client, Controller, NotFound, Request, Trial, Watch

CRD = {
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
                                "properties": {"pages": {"type": "array", "items": {"type": "string"}}},
                            }
                        },
                    }
                },
            }
        ],
    },
}
SITE = {
    "apiVersion": "example.com/v1",
    "kind": "Website",
    "metadata": {"name": "front", "namespace": "default"},
    "spec": {"pages": ["home", "about", "contact", "imprint", "news"]},
}


def _reconciler(client: Client, order: Any, data: dict[str, str]) -> Any:
    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        owner = {"apiVersion": "example.com/v1", "kind": "Website", "name": request.name, "controller": True}
        owner["uid"] = site["metadata"]["uid"]
        for page in order(site["spec"]["pages"]):
            try:
                await client.get("v1", "ConfigMap", page, request.namespace)
            except NotFound:
                metadata = {"name": page, "namespace": request.namespace, "ownerReferences": [owner]}
                await client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    return reconcile


def _controller(client: Client, order: Any, data: dict[str, str] | None = None) -> Controller:
    watches = [Watch("example.com/v1", "Website"), Watch("v1", "ConfigMap", owner="Website")]
    return Controller(name="website", reconcile=_reconciler(client, order, data or {}), watches=watches)


def steady(client: Client) -> Controller:
    """Creates its children in the order of the spec."""
    return _controller(client, list)


def leaky(client: Client) -> Controller:
    """Creates its children in the order of a set: another order in every process."""
    return _controller(client, set)


_RUNS = [0]


def stateful(client: Client) -> Controller:
    """Keeps state in a module global between runs, and lets it be seen."""
    _RUNS[0] += 1
    return _controller(client, list, {"life": str(_RUNS[0])})


def trial(factory: Any = steady) -> Trial:
    return Trial([factory], [CRD, SITE])


def main() -> None:
    """Print the sha256 of one schedule's trace: `controllers.py KERNEL SALT`."""
    from harness.session import Session

    session = Session(trial())
    workload = session.workloads[2]
    weather = [
        {
            "do": "crash",
            "at": "after_commit",
            "component": "website",
            "request": {"verb": "create", "kind": "ConfigMap", "name": "about", "nth": 1},
            "restart_after_s": 1.0,
        }
    ]
    example = session.run(workload, weather, int(sys.argv[2]), kernel=sys.argv[1])
    assert len(example.weather) == 1, "the crash did not fire"
    print(example.world.trace.sha256())


if __name__ == "__main__":
    main()
