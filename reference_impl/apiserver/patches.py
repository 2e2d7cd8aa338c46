"""Patches: RFC 6902 (json), RFC 7396 (merge), and Kubernetes' strategic merge, applied to a stored object.

A patch never mutates what it is applied to: the result may share unchanged parts with it. Server-side apply is no
function of an object and a body alone: see `apply.py`.

Sources: apiserver `pkg/endpoints/handlers/patch.go` (which error answers what), RFC 6902, RFC 7396.
"""

from typing import Any

import jsonpatch
import jsonpointer

from reference_impl.apiserver import strategic_merge
from reference_impl.errors import ApiError, BadRequest, Invalid, UnsupportedMediaType
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject

MAX_JSON_PATCH_OPERATIONS = 10_000
"""`maxJSONPatchOperations` of the API server."""


def apply_patch(info: KindInfo, current: JsonObject, body: Any, patch_type: str) -> JsonObject:
    """The object that the patch makes of `current`.

    `patch_type`: merge, json or strategic. Raises BadRequest (a patch that is not one), Invalid (a JSON patch that does
    not apply, a failed `test` included), UnsupportedMediaType (strategic on a custom resource, or no such type).
    """
    if patch_type == "merge":
        if not isinstance(body, dict):
            raise BadRequest(f"error decoding patch: a merge patch must be a JSON object, not {_kind_of(body)}")
        result = merge(current, body)
    elif patch_type == "json":
        result = _json_patch(info, current, body)
    elif patch_type == "strategic":
        result = _strategic(info, current, body)
    else:
        raise _unsupported(info, patch_type)
    if not isinstance(result, dict):
        raise BadRequest(f"the patch makes the object {_kind_of(result)}, which is not a {info.kind}")
    return result


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396. Shares what the patch does not touch; `target` stays as it is."""
    if type(patch) is not dict:
        return copy_json(patch)
    result = dict(target) if type(target) is dict else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def _json_patch(info: KindInfo, current: JsonObject, body: Any) -> Any:
    if not isinstance(body, list):
        raise BadRequest(f"error decoding patch: a JSON patch must be a list of operations, not {_kind_of(body)}")
    if len(body) > MAX_JSON_PATCH_OPERATIONS:
        raise ApiError(
            f"The allowed maximum operations in a JSON patch is {MAX_JSON_PATCH_OPERATIONS}, got {len(body)}",
            status=413,
            reason="RequestEntityTooLarge",
        )
    if any(not isinstance(operation, dict) for operation in body):
        raise BadRequest("error decoding patch: every operation of a JSON patch must be an object")
    try:
        # Copies, because the library puts the patch's own values into the result and then changes them.
        return jsonpatch.JsonPatch(copy_json(body)).apply(copy_json(current), in_place=True)
    except jsonpatch.JsonPatchTestFailed as error:
        raise _unprocessable(f"testing value failed: {error}") from None
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, IndexError) as error:
        raise _unprocessable(str(error)) from None


def _unprocessable(why: str) -> Invalid:
    """The API server keeps the reason to itself; here it is in the causes."""
    return Invalid(
        "the server rejected our request due to an error in our request",
        details={"causes": [{"reason": "UnexpectedServerResponse", "message": why}]},
    )


def _strategic(info: KindInfo, current: JsonObject, body: Any) -> Any:
    if info.crd is not None:
        raise _unsupported(info, "application/strategic-merge-patch+json")
    if not isinstance(body, dict):
        raise BadRequest(f"error decoding patch: a strategic merge patch must be a JSON object, not {_kind_of(body)}")
    return strategic_merge.merge(info, current, body)


def _unsupported(info: KindInfo, media_type: str) -> UnsupportedMediaType:
    accepted = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    if info.crd is None:
        accepted += ", application/strategic-merge-patch+json"
    return UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    )


def _kind_of(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
