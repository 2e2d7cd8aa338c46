"""The object in a request: checked against the URL it was sent to, and copied, for senders keep what they sent.

Sources: apiserver `pkg/endpoints/handlers/{create,update}.go`, `pkg/registry/rest/meta.go`.
"""

from typing import Final

from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, JsonObject

_WRONG_NAMESPACE: Final = "the namespace of the provided object does not match the namespace sent on the request"


def copied_body(request: ApiRequest, info: KindInfo) -> JsonObject:
    """A copy of the body that may be changed and kept, with apiVersion, kind, metadata and namespace in place.

    Raises BadRequest: no object, another kind, or another namespace than the request's.
    """
    if not isinstance(request.body, dict) or not isinstance(request.body.get("metadata", {}), dict):
        raise BadRequest(f"the body of this request must be a {info.kind} object with a metadata object")
    obj: JsonObject = copy_json(request.body)
    sent = (obj.setdefault("apiVersion", request.api_version), obj.setdefault("kind", request.kind))
    if sent != (request.api_version, request.kind):
        raise BadRequest(
            f"the API version in the data ({sent[0]}, Kind={sent[1]}) does not match the expected API version "
            f"({request.api_version}, Kind={request.kind})"
        )
    metadata = obj.setdefault("metadata", {})
    metadata.pop("selfLink", None)
    _place(request, info, metadata)
    return obj


def _place(request: ApiRequest, info: KindInfo, metadata: JsonObject) -> None:
    """`rest.EnsureObjectNamespaceMatchesRequestNamespace`."""
    sent = metadata.get("namespace") or None
    if not info.namespaced:
        if sent is not None:
            raise BadRequest(_WRONG_NAMESPACE)
        metadata.pop("namespace", None)
        return
    namespace = request.namespace or sent
    if namespace is None:
        raise BadRequest("an empty namespace may not be set during creation; set metadata.namespace")
    if sent is None:
        metadata["namespace"] = namespace
    elif sent != namespace:
        raise BadRequest(_WRONG_NAMESPACE)
