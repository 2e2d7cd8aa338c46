"""What a client sent, as JSON values: JSON, YAML or (built-in kinds) protobuf.

A body is bounded where it is read from the socket (`connection.py`). Depth is bounded by the JSON parser; YAML must not
use aliases to grow, so a document that would be larger than what was sent allows is refused.

Source: apimachinery `pkg/runtime/serializer`; apiserver `pkg/endpoints/handlers/{create,patch}.go`.
"""

from typing import Any, Final

import orjson
import yaml

from reference_impl.apiserver.http import protobuf
from reference_impl.errors import ApiError, BadRequest, UnsupportedMediaType

PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
PATCH_TYPES: Final = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}
_JSON: Final = ("application/json", "")
_YAML: Final = ("application/yaml", "text/yaml", "application/x-yaml")


def media_type(header: str) -> str:
    """The type without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def decode_body(content_type: str, body: bytes) -> Any:
    """The value in a body of a create, an update or a delete. Raises BadRequest, UnsupportedMediaType."""
    kind = media_type(content_type)
    if kind in _JSON or (kind == "application/x-www-form-urlencoded" and body[:1] == b"{"):
        return _from_json(body)
    if kind == PROTOBUF:
        return protobuf.decode(body)
    if kind in _YAML:
        return _from_yaml(body)
    raise UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: application/json, "
        f"application/yaml, {PROTOBUF}"
    )


def decode_patch(content_type: str, body: bytes) -> tuple[str, Any]:
    """(patch type, value). Raises BadRequest, UnsupportedMediaType."""
    patch_type = PATCH_TYPES.get(media_type(content_type))
    if patch_type is None:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: " + ", ".join(PATCH_TYPES)
        )
    if patch_type == "apply" and body.lstrip()[:1] not in (b"{", b"["):
        return patch_type, _from_yaml(body)
    return patch_type, _from_json(body)


def _from_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the object provided is unrecognized: the body is not JSON: {error}") from None


class _NoAliases(yaml.SafeLoader):
    """YAML as JSON has it: plain data, no references that make a small document a large one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise BadRequest("a YAML body may not use aliases")
        return super().compose_node(parent, index)


# Times stay text, as in Kubernetes' own YAML, which is converted to JSON first.
_NoAliases.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _from_yaml(body: bytes) -> Any:
    try:
        value = yaml.load(body, Loader=_NoAliases)
        # Round trip: keys that are no strings, and whatever else JSON has not, are refused here.
        return orjson.loads(orjson.dumps(value))
    except ApiError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise BadRequest(
            f"the object provided is unrecognized: the body is not YAML: {' '.join(str(error).split())[:300]}"
        ) from None
