"""A cluster of one or two API servers over one store, with verbs short enough for tests of one line each."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import NotFound
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent
from reference_impl.store.port import StoreEvent
from tests.conformance import planes
from tests.conformance.http_server import HttpServer, Wire

API_VERSIONS = {
    "Deployment": "apps/v1", "ReplicaSet": "apps/v1", "Job": "batch/v1", "Lease": "coordination.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1", "Website": "example.com/v1", "Gadget": "example.com/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1", "EndpointSlice": "discovery.k8s.io/v1",
}  # fmt: skip
CLUSTER_SCOPED = ("Namespace", "Node", "CustomResourceDefinition")


_WIRES: list[Wire] = []


def _wire() -> Wire:
    """One for all clusters of a test: trio runs once in a thread."""
    if not _WIRES:
        _WIRES.append(Wire())
    return _WIRES[0]


class Cluster:
    """`server` is fed as the store commits; `replica` only by `catch_up`.

    On the plane that was chosen (`tests/conformance/planes.py`): the same verbs, over HTTP or over another store.
    """

    def __init__(self) -> None:
        self.time = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)
        self.wire = _wire() if planes.CHOSEN.name == "http" else None
        self.store = planes.new_store()
        self.kinds = KindRegistry()
        self.server = self.new_server("apiserver-0", 1)
        self.replica = self.new_server("apiserver-1", 2)
        self.store.subscribe(self.server.apply)
        self.store.subscribe(lambda event: self.unfed.append(event))
        self.unfed: list[StoreEvent] = []
        self.server.bootstrap()
        self.catch_up()

    def new_server(self, name: str, seed: int = 0, **options: Any) -> Any:
        """One more API server over the same store. It is fed by whoever asked for it."""
        server = ApiServer(
            self.store, now=lambda: self.time, random=random.Random(seed), name=name, kinds=self.kinds, **options
        )
        return server if self.wire is None else HttpServer(server, self.kinds, self.wire, lambda: self.time)

    def catch_up(self) -> None:
        for event in self.unfed:
            self.replica.apply(event)
        self.unfed.clear()

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def do(self, verb: str, kind: str, name: str | None = None, **options: Any) -> JsonObject:
        server = options.pop("server", self.server)
        return server.handle(self.request(verb, kind, name, **options))

    def request(self, verb: str, kind: str, name: str | None = None, **options: Any) -> ApiRequest:
        namespace = options.pop("namespace", None if kind in CLUSTER_SCOPED else "default")
        api_version = options.pop("api_version", API_VERSIONS.get(kind, "v1"))
        return ApiRequest(verb=verb, api_version=api_version, kind=kind, name=name, namespace=namespace, **options)

    def get(self, kind: str, name: str, **options: Any) -> JsonObject:
        return self.do("get", kind, name, **options)

    def create(self, body: JsonObject, **options: Any) -> JsonObject:
        options.setdefault("namespace", body["metadata"].get("namespace"))
        options.setdefault("api_version", body["apiVersion"])
        return self.do("create", body["kind"], None, body=body, **options)

    def update(self, body: JsonObject, **options: Any) -> JsonObject:
        options.setdefault("namespace", body["metadata"].get("namespace"))
        options.setdefault("api_version", body["apiVersion"])
        return self.do("update", body["kind"], body["metadata"]["name"], body=body, **options)

    def patch(self, kind: str, name: str, body: Any, **options: Any) -> JsonObject:
        options.setdefault("patch_type", "merge")
        return self.do("patch", kind, name, body=body, **options)

    def delete(self, kind: str, name: str, **options: Any) -> JsonObject:
        return self.do("delete", kind, name, **options)

    def bind(self, name: str, node: str = "node-1", **metadata: Any) -> JsonObject:
        body = {
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, "namespace": "default", **metadata},
            "target": {"kind": "Node", "name": node},
        }  # fmt: skip
        return self.do("create", "Pod", name, subresource="binding", body=body)

    def exists(self, kind: str, name: str) -> bool:
        try:
            self.get(kind, name)
        except NotFound:
            return False
        return True

    def watch(self, kind: str, **options: Any) -> "Watched":
        server = options.pop("server", self.server)
        events: list[WatchEvent] = []
        stream = server.open_watch(self.request("watch", kind, **options), events.append)
        return Watched(stream, events)

    def commits(self, action: Callable[[], Any]) -> list[str]:
        """What an action commits, as "ADDED pods/a"."""
        before = self.store.revision
        action()
        return [f"{event.type} {event.key[0]}/{event.key[2]}" for event in self.store.events(before)]


class Watched:
    def __init__(self, stream: Any, events: list[WatchEvent]) -> None:
        self.stream = stream
        self.events = events

    def seen(self) -> list[str]:
        return [f"{event.type} {event.object['metadata'].get('name', '')}".strip() for event in self.events]


def config_map(name: str = "a", namespace: str = "default", **metadata: Any) -> JsonObject:
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata},
        "data": {"k": "v"},
    }  # fmt: skip


def pod(name: str = "p", **metadata: Any) -> JsonObject:
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": {"terminationGracePeriodSeconds": 30, "containers": [{"name": "c", "image": "nginx"}]},
    }  # fmt: skip


def deployment(name: str = "front", replicas: int = 1, **metadata: Any) -> JsonObject:
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "nginx"}]},
            },
        },
    }  # fmt: skip


def crd(kind: str = "Website", *, status: bool = True, versions: tuple[str, ...] = ("v1",)) -> JsonObject:
    plural = kind.lower() + "s"
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    subresources = {"subresources": {"status": {}, "scale": scale}} if status else {}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {"name": version, "served": True, "storage": index == 0, "schema": {"openAPIV3Schema": schema},
                 **subresources}
                for index, version in enumerate(versions)
            ],
        },
    }  # fmt: skip


def website(name: str = "front", version: str = "v1", kind: str = "Website", **metadata: Any) -> JsonObject:
    return {
        "apiVersion": f"example.com/{version}", "kind": kind,
        "metadata": {"name": name, "namespace": "default", **metadata}, "spec": {"replicas": 1},
    }  # fmt: skip


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    yield Cluster()
    while _WIRES:
        _WIRES.pop().close()


@pytest.fixture
def make() -> Any:
    """Builders of valid objects: `make.pod("p")`, `make.config_map()`, ..."""

    class Make:
        config_map = staticmethod(config_map)
        pod = staticmethod(pod)
        deployment = staticmethod(deployment)
        crd = staticmethod(crd)
        website = staticmethod(website)

    return Make
