"""Server-side apply for tests: `apply(cluster, kind, name, configuration, manager)`, and looks at managedFields."""

from typing import Any


def apply(cluster: Any, kind: str, name: str, body: Any, manager: str | None = "me", **options: Any) -> Any:
    if isinstance(body, dict) and "kind" not in body:
        body = {"apiVersion": {"Deployment": "apps/v1", "Website": "example.com/v1"}.get(kind, "v1"), "kind": kind,
                **body}  # fmt: skip
    options.setdefault("patch_type", "apply")
    return cluster.patch(kind, name, body, field_manager=manager, **options)


def entries(obj: Any) -> list[tuple[Any, ...]]:
    """(manager, operation, fieldsV1) of each claim, in order."""
    return [(e["manager"], e["operation"], e["fieldsV1"]) for e in obj["metadata"].get("managedFields", [])]


def claim(obj: Any, manager: str) -> Any:
    found = [entry for entry in obj["metadata"]["managedFields"] if entry["manager"] == manager]
    assert len(found) == 1, found
    return found[0]


def deployed(cluster: Any, make: Any, replicas: int = 1, manager: str = "me", **options: Any) -> Any:
    return apply(cluster, "Deployment", "front", make.deployment(replicas=replicas), manager, **options)
