"""The keywords of a schema that judge one value by itself: bounds, lengths, patterns, formats, enums.

Each makes a check from its argument once; a check appends a cause, worded as kube-openapi words it, if the value has a
type that the keyword speaks about and is wrong.

Source: kube-openapi `pkg/validation/{validate,errors}`.
"""

import math
from collections.abc import Callable
from typing import Any, Final

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.field_errors import Cause, Path, path_text
from reference_impl.apiserver.formats import FORMATS, INTEGER_RANGES, compile_pattern
from reference_impl.protocol import JsonObject

Check = Callable[[Any, Path, list[Cause]], None]


def _rule(ok: Callable[[Any], bool], why: str, *applies: type) -> Check:
    """A check on values of some types, whose error is an invalid value with `<field> in body <why>`."""

    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        if isinstance(value, applies) and not isinstance(value, bool) and not ok(value):
            field = path_text(path)
            causes.append(field_errors.invalid_value(field, value, f"{field} in body {why}"))

    return check


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _maximum(limit: float, schema: JsonObject) -> Check:
    if schema.get("exclusiveMaximum"):
        return _rule(lambda v: v < limit, f"should be less than {_number(limit)}", int, float)
    return _rule(lambda v: v <= limit, f"should be less than or equal to {_number(limit)}", int, float)


def _minimum(limit: float, schema: JsonObject) -> Check:
    if schema.get("exclusiveMinimum"):
        return _rule(lambda v: v > limit, f"should be greater than {_number(limit)}", int, float)
    return _rule(lambda v: v >= limit, f"should be greater than or equal to {_number(limit)}", int, float)


def _multiple_of(factor: float, _: JsonObject) -> Check:
    def ok(value: float) -> bool:
        if isinstance(value, int) and isinstance(factor, int):
            return value % factor == 0
        quotient = value / factor
        return math.isclose(quotient, round(quotient), rel_tol=1e-9, abs_tol=1e-9)

    return _rule(ok, f"should be a multiple of {_number(factor)}", int, float)


def _min_length(limit: int, _: JsonObject) -> Check:
    return _rule(lambda v: len(v) >= limit, f"should be at least {limit} chars long", str)


def _max_length(limit: int, _: JsonObject) -> Check:
    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        if type(value) is str and len(value) > limit:
            causes.append(field_errors.too_long(path_text(path), limit))

    return check


def _pattern(text: str, _: JsonObject) -> Check:
    search = compile_pattern(text).search
    return _rule(lambda v: search(v) is not None, f"should match '{text}'", str)


def _min_items(limit: int, _: JsonObject) -> Check:
    return _rule(lambda v: len(v) >= limit, f"should have at least {limit} items", list)


def _min_properties(limit: int, _: JsonObject) -> Check:
    return _rule(lambda v: len(v) >= limit, f"should have at least {limit} properties", dict)


def _max_size(limit: int, kind: type[list[Any]] | type[dict[str, Any]]) -> Check:
    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        if type(value) is kind and len(value) > limit:
            causes.append(field_errors.too_many(path_text(path), len(value), limit))

    return check


def _unique_items(wanted: bool, _: JsonObject) -> Check:
    def ok(value: list[Any]) -> bool:
        return not wanted or len({field_errors.shown(item) for item in value}) == len(value)

    return _rule(ok, "shouldn't contain duplicates", list)


def _enum(allowed: list[Any], _: JsonObject) -> Check:
    shown = [a if isinstance(a, str) else field_errors.shown(a) for a in allowed]

    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        if not any(value == a and isinstance(value, bool) == isinstance(a, bool) for a in allowed):
            causes.append(field_errors.not_supported(path_text(path), value, shown))

    return check


def _format(name: str, schema: JsonObject) -> Check:
    if name in INTEGER_RANGES and schema.get("type") in ("integer", "number"):
        low, high = INTEGER_RANGES[name]
        why = f"must be of type {schema['type']} with format {name} (cf. OpenAPI spec)"
        return _rule(lambda v: low <= v <= high, why, int, float)
    known = FORMATS.get(name.lower())

    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        if known is not None and type(value) is str and not known(value):
            field = path_text(path)
            why = f"{field} in body must be of type {name}: {field_errors.shown(value)}"
            causes.append(field_errors.type_invalid(field, value, why))

    return check


KEYWORDS: Final[dict[str, Callable[[Any, JsonObject], Check]]] = {
    "enum": _enum,
    "maximum": _maximum,
    "minimum": _minimum,
    "multipleOf": _multiple_of,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "format": _format,
    "minItems": _min_items,
    "maxItems": lambda limit, _: _max_size(limit, list),
    "minProperties": _min_properties,
    "maxProperties": lambda limit, _: _max_size(limit, dict),
    "uniqueItems": _unique_items,
}
"""How to make the check for a keyword from its argument and the schema around it."""
