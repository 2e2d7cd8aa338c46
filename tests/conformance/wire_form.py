"""An `ApiRequest` as a client would send it over HTTP, and an answer as the object or the `ApiError` that it carries.

The other direction of `reference_impl/apiserver/http/front.py`, written against the documentation and not against that
file, so that the two do not agree by having one author's misunderstanding in one place: Kubernetes API concepts
(verbs, patches, resource versions), `metav1.ListOptions`, `metav1.DeleteOptions`, `metav1.Status`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from reference_impl import errors
from reference_impl.apiserver.http.query import flag, parse_query
from reference_impl.errors import ApiError
from reference_impl.protocol import ApiRequest, JsonObject

METHODS: Final = {
    "get": "GET", "list": "GET", "watch": "GET", "create": "POST", "update": "PUT", "patch": "PATCH",
    "delete": "DELETE", "deletecollection": "DELETE",
}  # fmt: skip
PATCHES: Final = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
_TOO_LARGE: Final = re.compile(r"Too large resource version: (\d+), current: (\d+)")


@dataclass(frozen=True, slots=True)
class Resource:
    """Where objects of a kind are found."""

    plural: str
    namespaced: bool


@dataclass(frozen=True, slots=True)
class WireRequest:
    """`target` is path and query, as the request line has them."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


def encode(request: ApiRequest, resource: Resource) -> WireRequest:
    headers = {"accept": "application/json"}
    body = request.body
    if request.verb == "patch":
        headers["content-type"] = PATCHES.get(request.patch_type or "", request.patch_type or "application/json")
    elif request.verb in ("delete", "deletecollection"):
        body = _delete_options(request)
    content = b"" if body is None and request.verb not in ("create", "update", "patch") else json.dumps(body).encode()
    if content and "content-type" not in headers:
        headers["content-type"] = "application/json"
    query = urlencode(_query(request))
    path = _path(request, resource)
    return WireRequest(METHODS[request.verb], f"{path}?{query}" if query else path, headers, content)


def _path(request: ApiRequest, resource: Resource) -> str:
    root = "/apis" if "/" in request.api_version else "/api"
    parts = [root, request.api_version]
    if resource.namespaced and request.namespace is not None:
        parts += ["namespaces", quote(request.namespace, safe="")]
    parts.append(resource.plural)
    # A new object's name is in its body; a watch of one object is a field selector.
    in_body = request.verb == "watch" or (request.verb == "create" and request.subresource is None)
    if request.name is not None and not in_body:
        parts.append(quote(request.name, safe=""))
    if request.subresource is not None:
        parts.append(request.subresource)
    return "/".join(parts)


def _query(request: ApiRequest) -> list[tuple[str, str]]:
    named: dict[str, Any] = {
        "labelSelector": request.labels,
        "fieldSelector": request.fields,
        "resourceVersion": request.resource_version,
        "resourceVersionMatch": request.resource_version_match,
        "limit": request.limit,
        "continue": request.continue_token,
        "timeoutSeconds": None if request.timeout_s is None else max(1, round(request.timeout_s)),
    }
    if request.verb == "watch":
        named["watch"] = "true"
    if request.allow_bookmarks:
        named["allowWatchBookmarks"] = "true"
    if request.send_initial_events:
        named["sendInitialEvents"] = "true"
    if request.verb in ("create", "update", "patch"):
        named["fieldManager"] = request.field_manager
        if request.dry_run:
            named["dryRun"] = "All"
        if request.force:
            named["force"] = "true"
    return [(name, str(value)) for name, value in named.items() if value is not None]


def _delete_options(request: ApiRequest) -> JsonObject | None:
    conditions = {"uid": request.precondition_uid, "resourceVersion": request.precondition_resource_version}
    conditions = {name: value for name, value in conditions.items() if value is not None}
    named: JsonObject = {
        "propagationPolicy": request.propagation,
        "gracePeriodSeconds": request.grace_period_s,
        "dryRun": ["All"] if request.dry_run else None,
        "preconditions": conditions or None,
    }
    options = {name: value for name, value in named.items() if value is not None}
    return {"kind": "DeleteOptions", "apiVersion": "v1", **options} if options else None


def asks_to_watch(method: str, path: str, query: str) -> bool:
    """Is it the request of a watch, in one of its two forms?"""
    if method != "GET":
        return False
    try:
        return "/watch/" in path or flag(parse_query(query), "watch")
    except ApiError:
        return False


class AnsweredError(ApiError):
    """An error whose Status is kept as it came, with whatever its metadata say (a continue token)."""

    answered: JsonObject

    def to_status(self) -> JsonObject:
        return self.answered


def _classes() -> dict[tuple[int, str], type[ApiError]]:
    """(code, reason) -> the class of `reference_impl.errors` that has both as its own."""
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ApiError)]
    return {(each.status, each.reason): each for each in found if each.status}


_CLASSES: Final = _classes()
_BY_CODE: Final = {code: each for (code, _), each in reversed(_CLASSES.items())}


def error_of(code: int, status: JsonObject, headers: Mapping[str, str] | None = None) -> ApiError:
    """The exception that a client library would make of a Status."""
    message, reason = status.get("message", ""), status.get("reason", "")
    too_large = _TOO_LARGE.search(message)
    if code == 504 and too_large is not None:
        return errors.TooLargeResourceVersion(int(too_large[1]), int(too_large[2]))
    known = _CLASSES.get((code, reason)) or _BY_CODE.get(code, ApiError)
    made = type(known.__name__, (AnsweredError, known), {})
    wait = (headers or {}).get("retry-after")
    error: AnsweredError = made(
        message, details=status.get("details"), status=code, reason=reason,
        retry_after_s=None if wait is None else float(wait),
    )  # fmt: skip
    error.answered = status
    return error
