"""Objects that the zoo's little worlds are made of: definitions of custom kinds, their objects, ConfigMaps they own.

Functions that return fresh dicts, shaped as Kubernetes JSON. Custom kinds have a structural schema that says only what
an entry needs, and a status subresource.
"""

from collections.abc import Mapping
from typing import Any

GROUP = "zoo.seatrial.dev"
API = f"{GROUP}/v1"
NAMESPACE = "default"

Json = dict[str, Any]


def definition(kind: str, spec: Mapping[str, Json], status: Mapping[str, Json] | None = None) -> Json:
    """A CustomResourceDefinition. `spec`, `status`: field name to its OpenAPI schema."""
    plural = f"{kind.lower()}s"
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": dict(spec)},
            "status": {"type": "object", "properties": dict(status or {})},
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
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [version],
        },
    }


def custom(kind: str, name: str, spec: Json) -> Json:
    """An object of a custom kind."""
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def config_map(metadata: Json, data: Mapping[str, str], owner: Json | None = None) -> Json:
    """A ConfigMap; `metadata` holds its name or generateName. With `owner`: controlled by it, in its namespace."""
    complete = {"namespace": NAMESPACE, **metadata}
    if owner is not None:
        complete |= {"namespace": owner["metadata"]["namespace"], "ownerReferences": [reference_to(owner)]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": complete, "data": dict(data)}


def reference_to(owner: Json) -> Json:
    """A controller reference to this object."""
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_deleting(obj: Json) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def is_controlled_by(obj: Json, owner: Json) -> bool:
    """By uid, as it must be."""
    references = obj["metadata"].get("ownerReferences") or ()
    return any(ref.get("controller") and ref["uid"] == owner["metadata"]["uid"] for ref in references)


def patch(kind: str, name: str, spec: Json) -> Json:
    """A user action: change fields of a custom object's spec."""
    return {"do": "patch", "api_version": API, "kind": kind, "name": name, "body": {"spec": spec}}


def delete(kind: str, name: str) -> Json:
    """A user action: delete a custom object."""
    return {"do": "delete", "api_version": API, "kind": kind, "name": name}


def create(obj: Json) -> Json:
    """A user action: create an object (again)."""
    return {"do": "create", "object": obj}


def sleep(seconds: float) -> Json:
    """A user action: nothing, for so many virtual seconds."""
    return {"do": "sleep", "seconds": seconds}
