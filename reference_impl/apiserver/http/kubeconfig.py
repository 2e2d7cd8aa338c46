"""The file by which clients find a server: one cluster, one user, one context.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

import base64
from typing import Any, Final

import orjson
import yaml

CONTEXT: Final = "seatrial"


def kubeconfig(server: str, *, token: str | None, authority: bytes | None) -> bytes:
    """A kubeconfig with one cluster, one user and one context."""
    cluster: dict[str, Any] = {"server": server}
    if authority is not None:
        cluster["certificate-authority-data"] = base64.b64encode(authority).decode()
    user: dict[str, Any] = {} if token is None else {"token": token}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}}],
        "current-context": CONTEXT,
        "preferences": {},
    }
    return yaml.safe_dump(orjson.loads(orjson.dumps(content)), sort_keys=False).encode()
