"""`fieldValidation`: fields that a kind does not have are refused, warned of, or ignored, as the client asks.

Strict: 400. Warn, the default: the write goes on, and each unknown field is a Warning header. Ignore: nothing is said.
Custom resources are held against their schema, built-in kinds against the table of fields. What becomes of an unknown
field is the API server's business: those of custom resources are pruned.

Not seen: fields given twice (the JSON parser keeps the last), and what JSON patches add.

Source: Kubernetes API concepts, "Field validation"; KEP-2885; apimachinery `runtime.NewStrictDecodingError`.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from reference_impl.apiserver import builtin_types
from reference_impl.apiserver.builtin_types import Field, Message
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

_SHOWN_MAX: Final = 16
"""Arbitrary: enough to find one's mistake."""
_TYPE: Final = ("apiVersion", "kind")
_DEPTH_MAX: Final = 100

Headers = tuple[tuple[str, str], ...]


def check_fields(info: KindInfo, body: Any, mode: str) -> Headers:
    """Warning headers to answer with. Raises BadRequest if unknown fields are to be refused."""
    if mode == "Ignore" or not isinstance(body, dict):
        return ()
    found = [f'unknown field "{path}"' for path in islice(unknown_fields(info, body), _SHOWN_MAX)]
    if not found:
        return ()
    if mode == "Strict":
        raise BadRequest(
            f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: strict decoding error: '
            + ", ".join(found)
        )
    return tuple(map(warning, found))


def warning(text: str) -> tuple[str, str]:
    """A Warning header. As a JSON string: a text of whatever characters stays one line of ASCII."""
    return ("Warning", f"299 - {json.dumps(text[:200])}")


def unknown_fields(info: KindInfo, body: JsonObject) -> Iterator[str]:
    """Paths of fields that the kind does not have, such as `spec.containers[0].imge`."""
    if info.crd is None:
        message = builtin_types.message_of(info.api_version, info.kind)
        if message is not None:
            yield from _in_message(message, {key: body[key] for key in body if key not in _TYPE}, "", 0)
        return
    yield from _in_schema(info.schema or {}, body, "", root=True)


def _in_message(message: Message, value: Any, path: str, depth: int) -> Iterator[str]:
    if not isinstance(value, dict) or message.is_list or depth > _DEPTH_MAX:
        return
    fields = builtin_types.fields_by_name(message)
    for name, item in value.items():
        if name.startswith("$"):  # a directive of a strategic merge patch
            continue
        field = fields.get(name)
        if field is not None and type(item) is str:
            continue
        here = f"{path}.{name}" if path else name
        if field is None:
            yield here
        else:
            yield from _in_field(field, item, here, depth)


def _in_field(field: Field, value: Any, path: str, depth: int) -> Iterator[str]:
    message = builtin_types.message(field.type)
    if message is None:
        return
    if field.repeated and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in_message(message, item, f"{path}[{index}]", depth + 1)
    elif field.map and isinstance(value, dict):
        for key, item in value.items():
            yield from _in_message(message, item, f"{path}.{key}", depth + 1)
    elif not field.repeated and not field.map:
        yield from _in_message(message, value, path, depth + 1)


def _in_schema(schema: JsonObject, value: Any, path: str, *, root: bool = False) -> Iterator[str]:
    if isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for index, item in enumerate(value):
                yield from _in_schema(items, item, f"{path}[{index}]")
        return
    if not isinstance(value, dict):
        return
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    lenient = schema.get("x-kubernetes-preserve-unknown-fields") or others is True
    is_object = root or schema.get("x-kubernetes-embedded-resource")
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        if is_object and name in (*_TYPE, "metadata"):
            if name == "metadata":
                metadata = builtin_types.message("meta.v1.ObjectMeta")
                assert metadata is not None
                yield from _in_message(metadata, item, here, 0)
        elif name in properties:
            yield from _in_schema(properties[name], item, here)
        elif isinstance(others, dict):
            yield from _in_schema(others, item, here)
        elif not lenient:
            yield here
