"""A plane with its HTTP front, and webhooks behind real sockets and TLS. Time is real; nothing waits for it."""

import base64
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
import trustme

from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.listener import open_listeners, port_of, serve
from reference_impl.apiserver.http.messages import Answer, HttpRequest
from reference_impl.plane import LocalPlane, RealClock
from tests.conformance import planes

GROUP = "/apis/admissionregistration.k8s.io/v1"
EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}
MAPS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
Say = Callable[[dict[str, Any]], Any]
"""AdmissionRequest -> response without uid; bytes or an Answer are sent as they are. May be async."""

ALLOWED: dict[str, Any] = {"allowed": True}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


def set_data(key: str, value: str) -> dict[str, Any]:
    return patch({"op": "add", "path": f"/data/{key}", "value": value})


@dataclass
class Reply:
    status: int
    json: Any
    headers: tuple[tuple[str, str], ...]


@dataclass
class Site:
    """`asked`: (path, AdmissionRequest) of every call, in order."""

    plane: LocalPlane
    front: Front
    bundle: str
    port: int = 0
    says: dict[str, Say] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Reply:
        content = b"" if body is None else json.dumps(body).encode()
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        answer = await self.front.answer(HttpRequest(method, path, query, named, content))
        assert isinstance(answer, Answer)
        return Reply(answer.status, json.loads(answer.body), answer.headers)

    async def hook(self, name: str, say: Say | None = None, /, *, kind: str = "Mutating", **entry: Any) -> Reply:
        """Configure a webhook of this name, called at /NAME; `say` is its answer."""
        if say is not None:
            self.says[f"/{name}"] = say
        whole = {
            "name": f"{name}.example.com",
            "clientConfig": {"url": f"https://localhost:{self.port}/{name}", "caBundle": self.bundle},
            "rules": [MAPS],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            **entry,
        }
        body = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": f"{kind}WebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [whole],
        }
        return await self.ask("POST", f"{GROUP}/{kind.lower()}webhookconfigurations", body)

    async def _answer(self, http: HttpRequest) -> Answer:
        review = json.loads(http.body)
        assert http.query.startswith("timeout="), http
        request = review["request"]
        self.asked.append((http.path, request))
        said = self.says[http.path](request)
        if isinstance(said, Awaitable):
            said = await said
        if isinstance(said, Answer):
            return said
        if isinstance(said, bytes):
            return Answer(200, said)
        response = {"uid": request["uid"], **said}
        named = {key: review[key] for key in ("apiVersion", "kind")}
        return Answer(200, json.dumps({**named, "response": response}).encode())

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def run(authority: trustme.CA, server_tls: ssl.SSLContext) -> Callable[..., None]:
    """Run `await test(site)`."""

    def start(test: Callable[[Site], Awaitable[None]]) -> None:
        async def main() -> None:
            async with trio.open_nursery() as nursery:
                plane = LocalPlane(
                    RealClock(nursery), store=planes.new_store(), track_on_create=True, call_webhooks=True
                )
                front = Front(plane.transport(), plane.kinds, now=plane.clock.now)
                bundle = base64.b64encode(authority.cert_pem.bytes()).decode()
                site = Site(plane, front, bundle)
                listeners = await open_listeners("localhost", 0)
                site.port = port_of(listeners)
                await nursery.start(
                    lambda task_status: serve(listeners[:1], site._answer, tls=server_tls, task_status=task_status)
                )
                with trio.fail_after(60):
                    await test(site)
                nursery.cancel_scope.cancel()

        trio.run(main)

    return start


@pytest.fixture
def config_map() -> Callable[..., dict[str, Any]]:
    def make(name: str = "a", labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
        metadata = {"name": name, **({"labels": labels} if labels else {})}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    return make
