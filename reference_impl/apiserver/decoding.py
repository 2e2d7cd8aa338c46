"""Types of fields: what came over a wire is held against the table of fields before anything looks at it.

A Go server decodes into structs, so a string where a number belongs is a 400 before any validation. Bodies that come
from this process are Python's own values, made by controllers that are tried, and are not looked at: that would cost a
tenth of an example.

Custom resources have a schema for that; only their metadata is checked here. A null is a zero value, as in Go, except
in lists of objects, where it is refused.

Source: apimachinery `pkg/runtime/serializer/json`; encoding/json; `resource.ParseQuantity`.
"""

import base64
import re
from binascii import Error as Base64Error
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from reference_impl.apiserver import builtin_types
from reference_impl.apiserver.builtin_types import Field, Message
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo

_QUANTITY: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
_DEPTH_MAX: Final = 200
_GO_KINDS: Final = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}


class _Mistyped(Exception):
    """A value does not fit; the message ends like encoding/json's."""


def check_types(info: KindInfo, obj: Any, *, name: str | None = None) -> None:
    """Raises BadRequest unless the object's fields have the types of its kind's.

    Args:
        name: the message in the table, where it is not the kind's own.
    """
    message = builtin_types.message(name or builtin_types.type_name(info.api_version, info.kind))
    try:
        if message is not None and info.crd is None:
            _object(message, obj, "", 0)
        elif isinstance(obj, dict):
            metadata = builtin_types.message("meta.v1.ObjectMeta")
            assert metadata is not None
            _object(metadata, obj.get("metadata"), "metadata", 0)
    except _Mistyped as error:
        raise BadRequest(
            f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: {error}'
        ) from None


def _object(message: Message, value: Any, path: str, depth: int) -> None:
    if value is None:
        return
    if depth > _DEPTH_MAX:
        raise _Mistyped("json: exceeded max depth")
    if message.is_list:
        field = next(iter(message.fields.values()))
        _list(field, value, path, depth)
        return
    if type(value) is not dict:
        raise _wrong(value, path, message.name)
    fields = builtin_types.fields_by_name(message)
    for key, item in value.items():
        field_ = fields.get(key)
        if field_ is not None and item is not None:
            _field(field_, item, f"{path}.{key}" if path else key, depth)


def _field(field: Field, value: Any, path: str, depth: int) -> None:
    if field.repeated:
        _list(field, value, path, depth)
    elif field.map:
        if type(value) is not dict:
            raise _wrong(value, path, f"map[string]{field.type}")
        for key, item in value.items():
            if item is not None:
                _one(field, item, f"{path}.{key}", depth)
    else:
        _one(field, value, path, depth)


def _list(field: Field, value: Any, path: str, depth: int) -> None:
    if type(value) is not list:
        raise _wrong(value, path, f"[]{field.type}")
    for index, item in enumerate(value):
        if item is None:
            raise _Mistyped(f"json: {path}[{index}] may not be null")
        _one(field, item, path, depth)


def _one(field: Field, value: Any, path: str, depth: int) -> None:
    fits = _SCALARS.get(field.type)
    if fits is not None:
        if not fits(value):
            raise _wrong(value, path, field.type)
        return
    if field.type.startswith("schemaor"):
        _schema_or(field.type, value, path, depth)
        return
    message = builtin_types.message(field.type)
    if message is not None:
        _object(message, value, path, depth + 1)


def _schema_or(kind: str, value: Any, path: str, depth: int) -> None:
    """A schema, or what else stands in its place."""
    if kind == "schemaorbool" and type(value) is bool:
        return
    if kind == "schemaorstrings" and type(value) is list and all(type(each) is str for each in value):
        return
    schema = builtin_types.message("apiextensions.v1.JSONSchemaProps")
    assert schema is not None
    for each in value if kind == "schemaorarray" and type(value) is list else [value]:
        if type(each) is not dict:
            raise _wrong(each, path, "JSONSchemaProps")
        _object(schema, each, path, depth + 1)


def _wrong(value: Any, path: str, wanted: str) -> _Mistyped:
    found = _GO_KINDS.get(type(value), "null")
    return _Mistyped(f"json: cannot unmarshal {found} into Go struct field {path[:200]} of type {wanted}")


# -------------------------------------------------------------------------------------------------------------- scalars


def _is_int(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _is_bytes(value: Any) -> bool:
    if type(value) is not str:
        return False
    try:
        base64.b64decode(value, validate=True)
    except (Base64Error, ValueError):
        return False
    return True


def _is_time(value: Any) -> bool:
    if type(value) is not str:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_quantity(value: Any) -> bool:
    if type(value) in (int, float):
        return True
    return type(value) is str and _QUANTITY.fullmatch(value) is not None


_SCALARS: Final[dict[str, Callable[[Any], bool]]] = {
    "string": lambda value: type(value) is str,
    "bool": lambda value: type(value) is bool,
    "int": _is_int,
    "double": lambda value: type(value) in (int, float),
    "bytes": _is_bytes,
    "time": _is_time,
    "microtime": _is_time,
    "duration": lambda value: type(value) is str,
    "quantity": _is_quantity,
    "intorstring": lambda value: type(value) is str or _is_int(value),
    "raw": lambda value: True,
}
