"""A small custom kind, a few objects, and a user's client on a bare API server whose time passes at once."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.manifests import scratch_server
from reference_impl.apiserver.server import ApiServer
from reference_impl.environment import Environment, Timer
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject
from reference_impl.runtime import Client

CRD: JsonObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "websites.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Website", "plural": "websites", "singular": "website", "listKind": "WebsiteList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {
                                    "size": {"type": "integer", "minimum": 1, "maximum": 4},
                                    "replicas": {"type": "integer", "minimum": 0, "default": 1},
                                    "tls": {"type": "boolean"},
                                    "tier": {"type": "string", "enum": ["gold", "silver"], "default": "silver"},
                                    "title": {"type": "string"},
                                    "probe": {"type": "object", "properties": {"on": {"type": "boolean"}}},
                                },
                            },
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}
SITE: JsonObject = {
    "apiVersion": "example.com/v1",
    "kind": "Website",
    "metadata": {"name": "front", "namespace": "default"},
    "spec": {"size": 2, "title": "Front"},
}
SETTINGS: JsonObject = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "default"},
    "data": {"colour": "blue"},
}


def website(client: Client) -> Any:
    """A factory that tests may name; never called."""


class InstantClock:
    """Time that passes when somebody sleeps. `on_sleep` runs at each sleep: what the others do meanwhile."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now_s)

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.on_sleep()

    def call_later(self, seconds: float, callback: Callable[[], None], *, heartbeat: bool = False) -> Timer:
        raise NotImplementedError


class DirectTransport:
    """Straight to the server; `failures` are raised first, one a request, after the request's effect if `late`."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.failures: list[tuple[Exception, bool]] = []
        self.requests: list[ApiRequest] = []

    async def request(self, request: ApiRequest) -> JsonObject:
        self.requests.append(request)
        error, late = self.failures.pop(0) if self.failures else (None, False)
        if error is not None and not late:
            raise error
        answer = self.server.handle(request)
        if error is not None:
            raise error
        return answer

    async def watch(self, request: ApiRequest, deliver: Any, closed: Any) -> Any:
        raise NotImplementedError

    async def external(self, call: ExternalCall) -> JsonObject | None:
        raise NotImplementedError


class Desk:
    """A user's desk: `client` for them, `server` to look behind the scenes."""

    def __init__(self, *objects: JsonObject) -> None:
        self.server = scratch_server(objects)
        self.clock = InstantClock()
        self.transport = DirectTransport(self.server)
        self.client = Client(
            Environment(name="user", transport=self.transport, clock=self.clock, random=random.Random(0))
        )

    def get(self, obj: JsonObject) -> JsonObject:
        metadata = obj["metadata"]
        return self.server.handle(
            ApiRequest(
                verb="get",
                api_version=obj["apiVersion"],
                kind=obj["kind"],
                name=metadata["name"],
                namespace=metadata.get("namespace"),
            )
        )
