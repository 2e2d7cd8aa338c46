"""Request bodies in Kubernetes' protobuf, which Go clients send for built-in kinds; answers are always JSON.

A body is the magic `k8s\\0` and a `runtime.Unknown`: apiVersion, kind, and the bytes of the object. The object is read
with the table of fields (`builtin_types.py`) into what the same client would have sent as JSON. Go writes every scalar
that is no pointer, zero or not: where JSON leaves zero out (`omitempty`) it is dropped here; what is behind a pointer
was meant. Fields of numbers that the table does not know come from a newer client and are dropped, as a Go server
drops them.

Depth and size are bounded by the body's own. A body that cannot be read is a 400.

Sources: apimachinery `pkg/runtime/serializer/protobuf`, `metav1.Time.ProtoTime`, `resource.Quantity`; the protobuf
encoding.
"""

import base64
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from reference_impl.apiserver import builtin_types
from reference_impl.apiserver.builtin_types import Field, Message
from reference_impl.errors import BadRequest
from reference_impl.protocol import JsonObject

MAGIC: Final = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DEPTH_MAX: Final = 64
"""Arbitrary: a Pod is a dozen deep; schemas of CRDs, the only recursive messages, are seldom thirty."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SIGN: Final = 1 << 63

Raw = int | bytes
"""A field as it is on the wire: a number, or bytes."""


class _Malformed(Exception):
    """The bytes are not what they should be."""


def decode(body: bytes) -> JsonObject:
    """The object in a body. Raises BadRequest."""
    if not body.startswith(MAGIC):
        raise BadRequest(f"the body does not begin with the bytes {MAGIC!r} of Kubernetes' protobuf encoding")
    try:
        api_version, kind, raw = _unknown(body[len(MAGIC) :])
        message = builtin_types.message_of(api_version, kind)
        if message is None and kind in ("DeleteOptions", "Status"):
            message = builtin_types.message(f"meta.v1.{kind}")  # sent under the group of what is deleted
        if message is None:
            shown = f"{api_version or '(no apiVersion)'} {kind or '(no kind)'}"
            raise BadRequest(f"{shown} has no protobuf encoding here: send it as JSON")
        obj = _object(message, raw, 0)
    except _Malformed as error:
        raise BadRequest(f"the protobuf body cannot be read: {error}") from None
    except RecursionError:  # schemas within schemas, whose depth is not counted
        raise BadRequest("the protobuf body cannot be read: it is nested too deep") from None
    return {"apiVersion": api_version, "kind": kind, **obj}


def _unknown(data: bytes) -> tuple[str, str, bytes]:
    type_meta = raw = b""
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            type_meta = value
        elif number == 2 and isinstance(value, bytes):
            raw = value
        elif number == 3 and value:
            raise _Malformed("its content encoding is not supported")
    named = {number: value for number, value in _fields(type_meta) if isinstance(value, bytes)}
    return _text(named.get(1, b"")), _text(named.get(2, b"")), raw


def _object(message: Message, data: bytes, depth: int) -> Any:
    if depth > _DEPTH_MAX:
        raise _Malformed(f"it is nested more than {_DEPTH_MAX} deep")
    result: JsonObject = {}
    items: list[Any] = []
    for number, raw in _fields(data):
        field = message.fields.get(number)
        if field is None:
            continue
        if field.map:
            key, value = _entry(field, raw, depth)
            result.setdefault(field.name, {})[key] = value
        elif field.repeated:
            target = items if message.is_list else result.setdefault(field.name, [])
            target.extend(_repeated(field, raw, depth))
        elif field.inline:
            value = _value(field, raw, depth)
            if isinstance(value, dict):
                result.update(value)
        else:
            value = _value(field, raw, depth)
            if value is None or (not field.pointer and field.omits_zero and _is_zero(value)):
                result.pop(field.name, None)
            else:
                result[field.name] = value
    return items if message.is_list else result


def _is_zero(value: Any) -> bool:
    """Go's zero of a scalar; an empty object is a struct, which `omitempty` never leaves out."""
    return value == "" or (type(value) in (int, float, bool) and not value)


def _entry(field: Field, raw: Raw, depth: int) -> tuple[str, Any]:
    parts = dict(_fields(_as_bytes(raw)))
    key = _text(_as_bytes(parts.get(1, b"")))
    missing: Raw = b"" if field.type not in ("int", "bool") else 0
    return key, _value(field, parts.get(2, missing), depth)


def _repeated(field: Field, raw: Raw, depth: int) -> Iterator[Any]:
    if field.type in ("int", "bool") and isinstance(raw, bytes):  # packed
        position = 0
        while position < len(raw):
            number, position = _varint(raw, position)
            yield _value(field, number, depth)
        return
    yield _value(field, raw, depth)


def _value(field: Field, raw: Raw, depth: int) -> Any:
    read = _SCALARS.get(field.type)
    if read is not None:
        return read(raw)
    message = builtin_types.message(field.type)
    if message is None:
        raise _Malformed(f"{field.name} is of a type that is not known: {field.type}")
    return _object(message, _as_bytes(raw), depth + 1)


# -------------------------------------------------------------------------------------------------------------- scalars


def _as_bytes(raw: Raw) -> bytes:
    if not isinstance(raw, bytes):
        raise _Malformed("a number stands where a message should")
    return raw


def _text(raw: Raw) -> str:
    try:
        return _as_bytes(raw).decode()
    except UnicodeDecodeError:
        raise _Malformed("a string is not UTF-8") from None


def _int(raw: Raw) -> int:
    if not isinstance(raw, int):
        raise _Malformed("a message stands where a number should")
    return raw - (1 << 64) if raw & _SIGN else raw


def _double(raw: Raw) -> float:
    if not isinstance(raw, int):
        raise _Malformed("a message stands where a number should")
    return float(struct.unpack("<d", struct.pack("<Q", raw))[0])


def _time(raw: Raw, *, micro: bool = False) -> str | None:
    """None for Go's zero time, which is written as an empty message."""
    data = _as_bytes(raw)
    if not data:
        return None
    parts = dict(_fields(data))
    try:
        moment = _EPOCH + timedelta(seconds=_int(parts.get(1, 0)))
    except OverflowError:
        raise _Malformed("a time is out of range") from None
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
    if not micro:
        return text + "Z"
    return f"{text}.{_int(parts.get(2, 0)) // 1000:06d}Z"


def _duration(raw: Raw) -> str:
    nanoseconds = _int(dict(_fields(_as_bytes(raw))).get(1, 0))
    return f"{nanoseconds / 1e9:.9f}".rstrip("0").rstrip(".") + "s"


def _quantity(raw: Raw) -> str:
    return _text(dict(_fields(_as_bytes(raw))).get(1, b"")) or "0"


def _int_or_string(raw: Raw) -> Any:
    parts = dict(_fields(_as_bytes(raw)))
    if _int(parts.get(1, 0)) == 1:
        return _text(parts.get(3, b""))
    return _int(parts.get(2, 0))


def _raw(raw: Raw) -> Any:
    """RawExtension, FieldsV1, JSON: the bytes of a JSON value."""
    data = _as_bytes(dict(_fields(_as_bytes(raw))).get(1, b""))
    if not data:
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _Malformed("an embedded value is not JSON") from None


def _schema(raw: Raw) -> Any:
    message = builtin_types.message("apiextensions.v1.JSONSchemaProps")
    assert message is not None
    return _object(message, _as_bytes(raw), 0)


def _schema_or_bool(raw: Raw) -> Any:
    parts = dict(_fields(_as_bytes(raw)))
    return _schema(parts[2]) if 2 in parts else bool(parts.get(1, 0))


def _schema_or_array(raw: Raw) -> Any:
    found = list(_fields(_as_bytes(raw)))
    single = next((value for number, value in found if number == 1), None)
    return _schema(single) if single is not None else [_schema(value) for number, value in found if number == 2]


def _schema_or_strings(raw: Raw) -> Any:
    found = list(_fields(_as_bytes(raw)))
    single = next((value for number, value in found if number == 1), None)
    return _schema(single) if single is not None else [_text(value) for number, value in found if number == 2]


_SCALARS: Final[dict[str, Callable[[Raw], Any]]] = {
    "string": _text,
    "bool": lambda raw: bool(_int(raw)),
    "int": _int,
    "double": _double,
    "bytes": lambda raw: base64.b64encode(_as_bytes(raw)).decode(),
    "time": _time,
    "microtime": lambda raw: _time(raw, micro=True),
    "duration": _duration,
    "quantity": _quantity,
    "intorstring": _int_or_string,
    "raw": _raw,
    "schemaorbool": _schema_or_bool,
    "schemaorarray": _schema_or_array,
    "schemaorstrings": _schema_or_strings,
}


# ------------------------------------------------------------------------------------------------------------- the wire


def _fields(data: bytes) -> Iterator[tuple[int, Raw]]:
    """(number, value) of each field in a message, in order. Raises _Malformed."""
    position, end = 0, len(data)
    while position < end:
        tag, position = _varint(data, position)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise _Malformed("a field has number 0")
        value: Raw
        if kind == _VARINT:
            value, position = _varint(data, position)
        elif kind == _BYTES:
            length, position = _varint(data, position)
            if length > end - position:
                raise _Malformed("it ends in the middle of a field")
            value, position = data[position : position + length], position + length
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
            if length > end - position:
                raise _Malformed("it ends in the middle of a field")
            value, position = int.from_bytes(data[position : position + length], "little"), position + length
        else:
            raise _Malformed(f"wire type {kind} is not used by Kubernetes")
        yield number, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if position >= len(data):
            raise _Malformed("it ends in the middle of a number")
        if shift > 63:
            raise _Malformed("a number is longer than 64 bits")
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & ((1 << 64) - 1), position
        shift += 7
