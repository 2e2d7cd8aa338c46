"""The showcase: leader election, outside systems, a StatefulSet and a Website in one plane: all weather can hit.

`python -m tests.quality.showcase [--examples 1000]` runs it and prints how often each legal fault kind changed
something; the test suite runs a bounded sample.
"""

import argparse
import sys
import tempfile
from typing import Any

from harness import registry
from harness.check import check
from harness.outcome import Outcome
from harness.trial import Trial
from reference_impl.errors import NotFound
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Watch
from tests.quality.reference_trials import TRIALS

FIRED_LEAST = 20
"""Of each legal kind in 1,000 examples."""

FINALIZER = "example.com/bucket"


def _crd(kind: str, plural: str) -> JsonObject:
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1, "maximum": 5}}},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }


def _resource(kind: str, name: str) -> JsonObject:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "example.com/v1", "kind": kind, "metadata": metadata, "spec": {"size": 2}}


MANIFESTS = [
    _crd("Website", "websites"),
    _crd("Bucket", "buckets"),
    _resource("Website", "front"),
    _resource("Bucket", "photos"),
    *TRIALS["statefulset"],
    TRIALS["service"][0],
]


def website(client: Client) -> Controller:
    """Keeps a ConfigMap for each Website; elects a leader."""

    async def reconcile(request: Request) -> Result | None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return None
        if site["metadata"].get("deletionTimestamp"):
            return None
        wanted = {"size": str(site["spec"].get("size", 1))}
        try:
            page = await client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            await client.create(_page(site, wanted))
            return None
        if page["data"] != wanted:
            page["data"] = wanted
            await client.update(page)
        return None

    watches = [Watch("example.com/v1", "Website"), Watch("v1", "ConfigMap", owner="Website")]
    return Controller(name="website", reconcile=reconcile, watches=watches, leader_election="website")


def _page(site: JsonObject, data: dict[str, str]) -> JsonObject:
    owner = {key: site[key] for key in ("apiVersion", "kind")} | {"controller": True}
    owner |= {key: site["metadata"][key] for key in ("name", "uid")}
    metadata = {"name": site["metadata"]["name"], "namespace": "default", "ownerReferences": [owner]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def bucket(client: Client) -> Controller:
    """Keeps a bucket in an outside system for each Bucket: finalizer first, idempotency key, drift found by asking."""
    cloud = client.external("cloud")

    async def reconcile(request: Request) -> Result | None:
        try:
            obj = await client.get("example.com/v1", "Bucket", request.name, request.namespace)
        except NotFound:
            return None
        uid, finalizers = obj["metadata"]["uid"], obj["metadata"].get("finalizers", [])
        if obj["metadata"].get("deletionTimestamp"):
            if FINALIZER in finalizers:
                await cloud.call("delete", uid)
                obj["metadata"]["finalizers"] = [f for f in finalizers if f != FINALIZER]
                await client.update(obj)
            return None
        if FINALIZER not in finalizers:
            obj["metadata"]["finalizers"] = [*finalizers, FINALIZER]
            await client.update(obj)
            return None
        size = obj["spec"].get("size", 1)
        live = await cloud.call("get", uid)
        if live is None:
            await cloud.call("create", uid, {"owner": uid, "size": size})
        elif live.get("size") != size:
            await cloud.call("update", uid, {"owner": uid, "size": size})
        return Result(requeue_after_s=60)

    return Controller(name="bucket", reconcile=reconcile, watches=[Watch("example.com/v1", "Bucket")])


def run(examples: int, seed: int = 0, **options: Any) -> Outcome:
    """The showcase trial; its reports go to a temporary folder."""
    trial = Trial([website, bucket], MANIFESTS, seed=seed, **options)
    with tempfile.TemporaryDirectory() as folder:
        return check(trial, examples=examples, report_dir=folder, raise_on_failure=False)


def legal_kinds() -> list[str]:
    """Kinds that a default trial's weather has."""
    return [f.name for f in registry.faults() if f.legal and f.obliged and not getattr(f, "opt_in", False)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    outcome = run(given.examples, given.seed)
    least = FIRED_LEAST * given.examples // 1000
    print(f"{outcome.verdict} in {outcome.examples} examples, {outcome.wall_s:.0f} s")
    for violation in outcome.violations:
        print(f"VIOLATED {violation.property}: {violation.reason}\n{violation.narrative}")
    for name in legal_kinds():
        count = outcome.faults_fired.get(name, 0)
        print(f"{name:24} {count:6}{'' if count >= least else '   TOO RARE'}")
    rare = [name for name in legal_kinds() if outcome.faults_fired.get(name, 0) < least]
    return 1 if rare or outcome.verdict != "holds" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
