"""What the server says of itself: health, version, discovery, OpenAPI.

Documents are made once for each state of the registry: a CustomResourceDefinition that comes or goes makes them anew.
"""

from collections.abc import Callable
from typing import Any, Final

import orjson

from reference_impl.apiserver.http import discovery, openapi
from reference_impl.apiserver.http.messages import JSON, TEXT, Answer, HttpRequest
from reference_impl.apiserver.http.negotiation import accepts
from reference_impl.apiserver.http.query import first, parse_query
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.errors import ApiError, MethodNotAllowed

VERSION: Final = {
    "major": "1",
    "minor": "34",
    "emulationMajor": "1",
    "emulationMinor": "34",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "33",
    "gitVersion": "v1.34.0+seatrial",
    "gitCommit": "unknown",
    "gitTreeState": "clean",
    "buildDate": "2025-08-27T00:00:00Z",
    "goVersion": "none",
    "compiler": "python",
    "platform": "linux/amd64",
}
"""The Kubernetes version whose rules are followed; the build is ours, as the suffix says."""

_HEALTH: Final = ("healthz", "livez", "readyz")
_AGGREGATED: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Introspection:
    """Answers about the server. `answer` gives None for a path that is none of these."""

    def __init__(self, kinds: KindRegistry) -> None:
        self._kinds = kinds
        self._generation = -1
        self._documents: dict[str, bytes] = {}

    def answer(self, request: HttpRequest) -> Answer | None:
        """Raises MethodNotAllowed, or 406."""
        path = request.path.strip("/")
        make = self._maker(path, request)
        if make is None:
            return None
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource", details={})
        return make()

    def _maker(self, path: str, request: HttpRequest) -> Callable[[], Answer] | None:
        parts = path.split("/")
        if parts[0] in _HEALTH:
            return lambda: Answer(200, b"ok", TEXT)
        if path == "version":
            return lambda: Answer(200, orjson.dumps(VERSION))
        if path in ("api", "apis"):
            aggregated = accepts(
                request.header("accept"), group="apidiscovery.k8s.io", version="v2", kind="APIGroupDiscoveryList"
            )
            if aggregated:
                return lambda: self._document(f"{path} aggregated", discovery.aggregated, path, _AGGREGATED)
            return lambda: self._document(path, discovery.versions if path == "api" else discovery.groups, path)
        if parts[0] == "apis" and len(parts) == 2:
            return self._if_there(discovery.group, parts[1])
        if (parts[0] == "api" and len(parts) == 2) or (parts[0] == "apis" and len(parts) == 3):
            return self._if_there(discovery.resources, "/".join(parts[1:]))
        if parts[0] == "openapi":
            return self._openapi(parts[1:], request)
        return None

    def _openapi(self, parts: list[str], request: HttpRequest) -> Callable[[], Answer] | None:
        if parts == ["v3"]:
            return lambda: Answer(200, self._paths())
        if parts[:1] == ["v2"]:
            return _refuse_v2
        if parts[:1] == ["v3"] and len(parts) > 2:
            name = "/".join(parts[1:])
            asked = first(parse_query(request.query), "hash")
            return self._if_there(openapi.group_version, name, hashed=asked)
        return None

    def _paths(self) -> bytes:
        """The index: every group version's document under the hash of its bytes."""
        self._refresh()
        if "openapi" not in self._documents:
            paths = {}
            for name in openapi.group_versions(self._kinds):
                self._if_there(openapi.group_version, name)
                digest = openapi.digest(self._documents[f"group_version {name}"])
                paths[name] = {"serverRelativeURL": f"/openapi/v3/{name}?hash={digest}"}
            self._documents["openapi"] = orjson.dumps({"paths": paths})
        return self._documents["openapi"]

    def _if_there(
        self, make: Callable[[KindRegistry, str], Any], name: str, *, hashed: str | None = None
    ) -> Callable[[], Answer] | None:
        """A document about `name`, unless there is nothing to say."""
        self._refresh()
        key = f"{make.__name__} {name}"
        if key not in self._documents:
            document = make(self._kinds, name)
            if document is None:
                return None
            self._documents[key] = orjson.dumps(document)
        headers = (("ETag", f'"{hashed}"'),) if hashed else ()
        return lambda: Answer(200, self._documents[key], JSON, headers)

    def _document(
        self, key: str, make: Callable[[KindRegistry, str], Any], name: str, content_type: str = JSON
    ) -> Answer:
        self._refresh()
        if key not in self._documents:
            self._documents[key] = orjson.dumps(make(self._kinds, name))
        return Answer(200, self._documents[key], content_type)

    def _refresh(self) -> None:
        if self._generation != self._kinds.generation:
            self._generation = self._kinds.generation
            self._documents.clear()


def _refuse_v2() -> Answer:
    """OpenAPI v2 is asked for as protobuf by kubectl, which tolerates 406 and goes on with v3."""
    raise ApiError(
        "OpenAPI v2 is not served by this reference server: use /openapi/v3", status=406, reason="NotAcceptable"
    )
