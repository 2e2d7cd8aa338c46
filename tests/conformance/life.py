"""A client's life against an API server by itself: what is recorded and played in tests of recording and comparing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from reference_impl.apiserver.http.connection import Handler
from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.recording import Recorder
from reference_impl.store.memory import MemoryStore
from tests.conformance.replay import Clock, FreshServer
from tests.conformance.wire_form import WireRequest

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SITES = "/apis/example.com/v1/namespaces/default/sites"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "sites.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "sites", "singular": "site", "kind": "Site", "listKind": "SiteList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


class Asked(Protocol):
    """A server as a story sees it."""

    def ask(self, request: WireRequest) -> tuple[Any, bytes]: ...

    def watch(self, request: WireRequest, take: Callable[[bytes], None]) -> object: ...

    def wait_served(self, path: str) -> None:
        """Until a kind that was just defined can be asked for: a real server takes a moment."""


class Person:
    """Whoever asks. Answers are parsed."""

    def __init__(self, server: Asked) -> None:
        self._server = server
        self.wait_served = server.wait_served

    def ask(self, method: str, target: str, body: Any = None, kind: str = "application/json", **headers: str) -> Any:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"accept": "application/json", "user-agent": "person/1", **headers}
        if content:
            named["content-type"] = kind
        _, found = self._server.ask(WireRequest(method, target, named, content))
        try:
            return json.loads(found)
        except ValueError:
            return found

    def watch(self, target: str) -> list[bytes]:
        lines: list[bytes] = []
        request = WireRequest("GET", target, {"accept": "application/json", "user-agent": "person/1"})
        self._server.watch(request, lines.append)
        return lines


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **({"data": data} if data else {})}


def live(person: Person) -> None:
    """One of everything that a comparison has to see through."""
    start = person.ask("GET", MAPS)["metadata"]["resourceVersion"]
    person.watch(f"{MAPS}?watch=true&resourceVersion={start}&allowWatchBookmarks=true")
    first = person.ask("POST", MAPS, config_map("a", k="1"))
    unnamed = config_map("", k="1")
    unnamed["metadata"] = {"generateName": "made-", "ownerReferences": [_owner(first)]}
    made = person.ask("POST", MAPS, unnamed)["metadata"]["name"]
    person.ask("GET", f"{MAPS}/{made}")
    changed = person.ask("PUT", f"{MAPS}/a?fieldManager=someone", {**first, "data": {"k": "2"}})
    person.ask("PUT", f"{MAPS}/a", {**first, "data": {"k": "3"}})
    person.ask("PUT", f"{MAPS}/a", changed)
    person.ask("PATCH", f"{MAPS}/a", {"data": {"m": "n"}}, "application/merge-patch+json")
    applied = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: v}\n"
    person.ask("PATCH", f"{MAPS}/b?fieldManager=me", applied, "application/apply-patch+yaml")
    page = person.ask("GET", f"{MAPS}?limit=1")["metadata"]["continue"]
    person.ask("GET", f"{MAPS}?limit=5&continue={page}")
    person.ask("GET", MAPS, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    person.ask("DELETE", f"{MAPS}/b", {"preconditions": {"uid": first["metadata"]["uid"]}})
    person.ask("DELETE", f"{MAPS}/b")
    person.ask("GET", f"{MAPS}/b")
    person.ask("POST", MAPS, b'{"kind": "ConfigMap", "data": {"k": "\xff"}}')
    person.ask("POST", MAPS, config_map("No good name"))
    person.ask("POST", CRDS, DEFINITION)
    person.wait_served(SITES)
    person.watch(f"{SITES}?watch=true")
    site = {"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "s", "finalizers": ["example.com/f"]}}
    person.ask("POST", SITES, site)
    person.ask("PATCH", f"{SITES}/s/status", {"status": {"ok": True}}, "application/merge-patch+json")
    person.ask("DELETE", f"{SITES}/s")
    person.ask("PATCH", f"{SITES}/s", {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    newest = person.ask("GET", f"{MAPS}/a")["metadata"]["resourceVersion"]
    person.watch(f"{MAPS}?watch=true&resourceVersion={newest}")
    person.ask("DELETE", f"{MAPS}?labelSelector=")


def _owner(obj: dict[str, Any]) -> dict[str, str]:
    return {"apiVersion": "v1", "kind": obj["kind"], "name": obj["metadata"]["name"], "uid": obj["metadata"]["uid"]}


class _Slow:
    """Time passes with each request."""

    def __init__(self, server: FreshServer) -> None:
        self._server = server
        self.watch, self.wait_served = server.watch, server.wait_served

    def ask(self, request: WireRequest) -> tuple[Any, bytes]:
        self._server.clock.now += timedelta(seconds=0.4)
        return self._server.ask(request)


def recorded(
    path: Path,
    story: Callable[[Person], None] = live,
    change: Callable[[Front], Handler] | None = None,
    *,
    seed: int = 7,
) -> Path:
    """A recording of this story with a server of ours that chooses other uids, names and revisions than a replay."""
    store = MemoryStore()
    for number in range(5):
        store.put(("things.example.net", "", str(number)), {"metadata": {}})
    clock = Clock(datetime(2025, 5, 1, tzinfo=UTC))
    with Recorder(path.open("wb"), of="a server of ours", now=clock.read) as recorder:

        def around(front: Front) -> Handler:
            return recorder.around(front.answer if change is None else change(front))

        server = FreshServer(store, around, clock=clock, seed=seed)
        try:
            story(Person(_Slow(server)))
        finally:
            server.close()
    return path
