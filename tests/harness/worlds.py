"""Small worlds for end-state tests: objects as a store holds them."""

from typing import Any

from reference_impl.protocol import JsonObject


def uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def made(
    kind: str, name: str, number: int, *, owner: JsonObject | None = None, generated: bool = False, **content: Any
) -> JsonObject:
    api_version = {"Website": "example.com/v1", "Deployment": "apps/v1", "ReplicaSet": "apps/v1"}.get(kind, "v1")
    metadata: JsonObject = {
        "name": name, "namespace": "default", "uid": uid(number), "resourceVersion": str(number), "generation": number,
        "creationTimestamp": f"2030-01-01T00:00:{number % 60:02d}Z",
    }  # fmt: skip
    if owner is not None:
        metadata["ownerReferences"] = [
            {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
             "uid": owner["metadata"]["uid"], "controller": True}
        ]  # fmt: skip
    if generated:
        metadata["generateName"] = name[:-5]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def world(first: int, suffix: str, *, pods: int = 2, image: str = "a", node: str = "node-0") -> list[JsonObject]:
    """A website, its deployment, replica set and pods: uids, suffixes and nodes differ from run to run."""
    site = made("Website", "front", first, spec={"size": 2}, status={"lastSeen": f"at 2030-01-01T00:00:0{first % 9}Z"})
    deployment = made("Deployment", "front", first + 1, owner=site, spec={"replicas": pods}, status={
        "conditions": [{"type": "Available", "status": "True", "reason": suffix, "message": suffix}]})  # fmt: skip
    replica_set = made("ReplicaSet", f"front-{suffix}", first + 2, owner=deployment, spec={"replicas": pods})
    lot = [
        made("Pod", f"front-{suffix}-{'bcdfg'[i]}xxxx", first + 3 + i, owner=replica_set, generated=True,
             spec={"image": image, "nodeName": node}, status={"podIP": f"10.0.{first}.{i}"})
        for i in range(pods)
    ]  # fmt: skip
    note = made("ConfigMap", "note", first + 9, spec={}, data={
        "first": f"pod {lot[0]['metadata']['name']} ({uid(first + 3)}) at 10.0.{first}.0" if lot else ""})  # fmt: skip
    return [site, deployment, replica_set, *lot, note]
