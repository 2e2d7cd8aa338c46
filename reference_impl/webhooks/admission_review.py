"""AdmissionReview: the question as JSON, and an answer that is held against the rules before it is believed.

Sources: `k8s.io/api/admission/v1` types.go; apiserver `pkg/admission/plugin/webhook/request/admissionreview.go`
(VerifyAdmissionResponse, CreateAdmissionObjects), `.../errors/statuserror.go` (ToStatusErr).
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from reference_impl.apiserver.custom_kinds import as_version
from reference_impl.apiserver.reviewing import MUTATE, Review
from reference_impl.errors import ApiError
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

_OPTIONS: Final = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}
_GROUPS: Final = ["system:masters", "system:authenticated"]


class InvalidResponse(Exception):
    """The webhook answered, but not as a webhook must."""


@dataclass(frozen=True, slots=True)
class Response:
    """`patch`: operations of a JSON patch, empty if the object is to stay as it is. `warnings` are texts."""

    allowed: bool
    result: JsonObject
    patch: list[JsonObject]
    warnings: list[str]


def request_of(review: Review, version: KindInfo, uid: str) -> JsonObject:
    """The `request` of an AdmissionReview, its objects in the version of this kind."""
    request = review.request
    kind = review.obj_kind
    shown: Callable[[JsonObject | None], JsonObject | None] = lambda obj: (  # noqa: E731
        obj if obj is None or kind is not None else as_version(obj, version)
    )
    found: JsonObject = {
        "uid": uid,
        "kind": _kind(kind or version),
        "resource": _resource(version),
        "requestKind": _kind(kind or review.info),
        "requestResource": _resource(review.info),
        "name": review.name,
        "namespace": review.namespace or "",
        "operation": review.operation,
        "userInfo": {"username": request.user or "system:admin", "groups": _GROUPS},
        "object": shown(review.obj),
        "oldObject": shown(review.old),
        "dryRun": request.dry_run,
        "options": _options(review),
    }
    if request.subresource:
        found |= {"subResource": request.subresource, "requestSubResource": request.subresource}
    return {key: value for key, value in found.items() if value != "" or key in ("uid", "operation")}


def _kind(info: KindInfo) -> JsonObject:
    return {"group": info.group, "version": info.version, "kind": info.kind}


def _resource(info: KindInfo) -> JsonObject:
    return {"group": info.group, "version": info.version, "resource": info.plural}


def _options(review: Review) -> JsonObject:
    request = review.request
    options: JsonObject = {"kind": _OPTIONS[review.operation], "apiVersion": "meta.k8s.io/v1"}
    if request.dry_run:
        options["dryRun"] = ["All"]
    if review.operation != "DELETE":
        return options | ({"fieldManager": request.field_manager} if request.field_manager else {})
    preconditions = {"uid": request.precondition_uid, "resourceVersion": request.precondition_resource_version}
    if any(preconditions.values()):
        options["preconditions"] = {key: value for key, value in preconditions.items() if value}
    if request.propagation:
        options["propagationPolicy"] = request.propagation
    if request.grace_period_s is not None:
        options["gracePeriodSeconds"] = request.grace_period_s
    return options


# ---------------------------------------------------------------------------------------------------------- the answer


def response_of(body: bytes, review: Review, version: str, uid: str) -> Response:
    """What the webhook said. `version` is the AdmissionReview's. Raises InvalidResponse."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidResponse(f"the response is not JSON: {error}") from None
    if not isinstance(sent, dict):
        raise InvalidResponse("the response is not an AdmissionReview")
    response = sent.get("response")
    if not isinstance(response, dict):
        raise InvalidResponse("webhook response was absent")
    wanted = (f"admission.k8s.io/{version}", "AdmissionReview")
    if version == "v1" and response.get("uid") != uid:
        raise InvalidResponse(f'expected response.uid="{uid}", got "{response.get("uid") or ""}"')
    if version == "v1" and (sent.get("apiVersion"), sent.get("kind")) != wanted:
        got = _go_kind(str(sent.get("apiVersion") or ""), str(sent.get("kind") or ""))
        raise InvalidResponse(f"expected webhook response of {_go_kind(*wanted)}, got {got}")
    warnings = response.get("warnings") or []
    result = response.get("status") or {}
    if not isinstance(warnings, list) or not isinstance(result, dict):
        raise InvalidResponse("response.warnings must be a list of strings and response.status a Status")
    if type(response.get("allowed", False)) is not bool:
        raise InvalidResponse("response.allowed must be true or false")
    patch = _patch(response, review, version)
    return Response(response.get("allowed", False), result, patch, [str(each) for each in warnings])


def _patch(response: JsonObject, review: Review, version: str) -> list[JsonObject]:
    encoded, patch_type = response.get("patch"), response.get("patchType")
    if review.phase != MUTATE:
        if version == "v1" and encoded:
            raise InvalidResponse("validating webhook may not return response.patch")
        if version == "v1" and patch_type is not None:
            raise InvalidResponse("validating webhook may not return response.patchType")
        return []
    if version == "v1":
        if encoded and patch_type is None:
            raise InvalidResponse("webhook returned response.patch but not response.patchType")
        if not encoded and patch_type is not None:
            raise InvalidResponse("webhook returned response.patchType but not response.patch")
        if patch_type is not None and patch_type != "JSONPatch":
            raise InvalidResponse(f'webhook returned invalid response.patchType of "{patch_type}"')
    if not encoded:
        return []
    try:
        patch: Any = orjson.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidResponse(f"received undecodable patch in webhook response: {error}") from None
    if not isinstance(patch, list):
        raise InvalidResponse("received undecodable patch in webhook response: it is not a list of operations")
    return patch


def _go_kind(api_version: str, kind: str) -> str:
    """Go's `GroupVersionKind.String()`."""
    return f"{api_version or '/'}, Kind={kind}"


def rejection(name: str, result: JsonObject) -> ApiError:
    """The error that the client of a refused request gets (`ToStatusErr`)."""
    denied = f'admission webhook "{name}" denied the request'
    code = result.get("code")
    why = result.get("message") or result.get("reason")
    details = result.get("details")
    return ApiError(
        f"{denied}: {why}" if why else f"{denied} without explanation",
        status=code if type(code) is int and 400 <= code <= 599 else 400,
        reason=str(result.get("reason") or ""),
        details=details if isinstance(details, dict) else None,
    )
