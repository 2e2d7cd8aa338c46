"""What makes a schema structural: the conditions that apiextensions.k8s.io/v1 puts on openAPIV3Schema.

Every part outside the logical keywords has a type; the logical keywords (allOf, anyOf, oneOf, not) only restrict;
keywords that cannot be pruned by, such as `$ref` or `patternProperties`, are refused; defaults fit their own schema.
Not checked: that each property under a logical keyword is also declared outside of it.

Source: apiextensions `pkg/apiserver/schema/validation.go`, `pkg/apis/apiextensions/validation/validation.go`; the
documentation's "Specifying a structural schema".
"""

from typing import Any, Final

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.formats import REFUSED_FORMATS, UnsupportedPattern, compile_pattern
from reference_impl.apiserver.schema import Node
from reference_impl.protocol import JsonObject

_TYPES: Final = ["array", "boolean", "integer", "number", "object", "string"]
_FORBIDDEN: Final = ("$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties",
                     "readOnly", "writeOnly", "xml")  # fmt: skip
_LOGICAL: Final = ("allOf", "anyOf", "oneOf")
_NOT_UNDER_LOGICAL: Final = ("type", "additionalProperties", "default", "title", "description", "nullable",
                             "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string",
                             "x-kubernetes-embedded-resource", "x-kubernetes-list-type",
                             "x-kubernetes-map-type")  # fmt: skip


def check_schema(schema: JsonObject, place: str, causes: list[Cause]) -> None:
    """Append to `causes` what keeps the schema of a whole custom resource from being structural."""
    if schema.get("type") != "object":
        why = "must not be empty at the root" if not schema.get("type") else "must be object at the root"
        make = field_errors.required if not schema.get("type") else None
        field = f"{place}.type"
        causes.append(make(field, why) if make else field_errors.invalid_value(field, schema["type"], why))
    if schema.get("nullable"):
        causes.append(field_errors.forbidden(f"{place}.nullable", "nullable cannot be true at the root"))
    _check_root_metadata(schema, place, causes)
    _check(schema, place, causes)


def _check_root_metadata(schema: JsonObject, place: str, causes: list[Cause]) -> None:
    metadata = (schema.get("properties") or {}).get("metadata")
    if not isinstance(metadata, dict):
        return
    for name in metadata.get("properties") or {}:
        if name not in ("name", "generateName"):
            why = "must not specify anything other than name and generateName, but metadata is implicitly specified"
            causes.append(field_errors.forbidden(f"{place}.properties[metadata]", why))


def _check(schema: Any, place: str, causes: list[Cause]) -> None:
    if not isinstance(schema, dict):
        causes.append(field_errors.type_invalid(place, schema, "must be a schema object"))
        return
    _check_keywords(schema, place, causes)
    _check_extensions(schema, place, causes)
    for name, part in (schema.get("properties") or {}).items():
        where = f"{place}.properties[{name}]"
        _check_type(part, where, "for specified object fields", causes)
        _check(part, where, causes)
    additional = schema.get("additionalProperties")
    if additional is not None:
        _check_additional(schema, additional, place, causes)
    items = schema.get("items")
    if isinstance(items, dict):
        _check_type(items, f"{place}.items", "for specified array items", causes)
        _check(items, f"{place}.items", causes)
    elif items is not None:
        causes.append(field_errors.forbidden(f"{place}.items", "items must be a schema object and not an array"))
    elif schema.get("type") == "array":
        causes.append(field_errors.required(f"{place}.items", "must be specified"))
    _check_logical(schema, place, causes, is_int_or_string=bool(schema.get("x-kubernetes-int-or-string")))
    _check_default(schema, place, causes)


def _check_type(part: Any, place: str, where: str, causes: list[Cause]) -> None:
    if not isinstance(part, dict) or part.get("type"):
        return
    if part.get("x-kubernetes-int-or-string") or part.get("x-kubernetes-preserve-unknown-fields"):
        return
    causes.append(field_errors.required(f"{place}.type", f"must not be empty {where}"))


def _check_keywords(schema: JsonObject, place: str, causes: list[Cause]) -> None:
    if schema.get("type") and schema["type"] not in _TYPES:
        causes.append(field_errors.not_supported(f"{place}.type", schema["type"], _TYPES))
    for keyword in _FORBIDDEN:
        if keyword in schema:
            why = f"{keyword} is not supported in structural schemas"
            causes.append(field_errors.forbidden(f"{place}.{keyword}", why))
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        causes.append(field_errors.forbidden(f"{place}.uniqueItems", why))
    if schema.get("format") in REFUSED_FORMATS:
        why = "this format is not implemented by this reference server; use a pattern"
        causes.append(field_errors.not_supported(f"{place}.format", schema["format"], [why]))
    if schema.get("pattern"):
        try:
            compile_pattern(schema["pattern"])
        except UnsupportedPattern as error:
            why = f"must be a valid regular expression, but isn't: {error}"
            causes.append(field_errors.invalid_value(f"{place}.pattern", schema["pattern"], why))


def _check_extensions(schema: JsonObject, place: str, causes: list[Cause]) -> None:
    if schema.get("x-kubernetes-int-or-string") and schema.get("type"):
        why = "must be empty if x-kubernetes-int-or-string is true"
        causes.append(field_errors.invalid_value(f"{place}.type", schema["type"], why))
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        why = "must be true or undefined"
        causes.append(field_errors.invalid_value(f"{place}.x-kubernetes-preserve-unknown-fields", False, why))
    if schema.get("x-kubernetes-embedded-resource"):
        if schema.get("type") != "object":
            why = "must be object if x-kubernetes-embedded-resource is true"
            causes.append(field_errors.invalid_value(f"{place}.type", schema.get("type") or "", why))
        if not schema.get("properties") and not schema.get("x-kubernetes-preserve-unknown-fields"):
            why = "must not be empty if x-kubernetes-embedded-resource is true without "
            why += "x-kubernetes-preserve-unknown-fields"
            causes.append(field_errors.required(f"{place}.properties", why))
    list_type = schema.get("x-kubernetes-list-type")
    if list_type is not None:
        if list_type not in ("atomic", "set", "map"):
            causes.append(
                field_errors.not_supported(f"{place}.x-kubernetes-list-type", list_type, ["atomic", "map", "set"])
            )
        if schema.get("type") != "array":
            why = "must be array if x-kubernetes-list-type is specified"
            causes.append(field_errors.invalid_value(f"{place}.type", schema.get("type") or "", why))
    _check_map_type(schema, place, causes)
    if list_type == "map":
        _check_list_map(schema, place, causes)
    elif schema.get("x-kubernetes-list-map-keys"):
        why = "must be map if x-kubernetes-list-map-keys is non-empty"
        causes.append(field_errors.invalid_value(f"{place}.x-kubernetes-list-type", list_type or "", why))


def _check_map_type(schema: JsonObject, place: str, causes: list[Cause]) -> None:
    map_type = schema.get("x-kubernetes-map-type")
    if map_type is None:
        return
    field = f"{place}.x-kubernetes-map-type"
    if schema.get("type") != "object":
        why = "must be object if x-kubernetes-map-type is specified"
        causes.append(field_errors.invalid_value(f"{place}.type", schema.get("type") or "", why))
    if map_type not in ("atomic", "granular"):
        causes.append(field_errors.not_supported(field, map_type, ["atomic", "granular"]))


def _check_list_map(schema: JsonObject, place: str, causes: list[Cause]) -> None:
    keys = schema.get("x-kubernetes-list-map-keys") or []
    if not keys:
        why = "must not be empty if x-kubernetes-list-type is map"
        causes.append(field_errors.required(f"{place}.x-kubernetes-list-map-keys", why))
    items = schema.get("items")
    if not isinstance(items, dict):
        return
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        if key not in properties:
            why = "entries must all be names of item properties"
            causes.append(field_errors.invalid_value(f"{place}.x-kubernetes-list-map-keys[{index}]", key, why))
        elif key not in (items.get("required") or ()) and "default" not in properties[key]:
            why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            causes.append(field_errors.required(f"{place}.items.properties[{key}].default", why))


def _check_additional(schema: JsonObject, additional: Any, place: str, causes: list[Cause]) -> None:
    where = f"{place}.additionalProperties"
    if schema.get("properties"):
        causes.append(field_errors.forbidden(where, "additionalProperties and properties are mutual exclusive"))
    if additional is False:
        causes.append(field_errors.forbidden(where, "additionalProperties cannot be set to false"))
    elif additional is not True:
        _check_type(additional, where, "for specified additionalProperties", causes)
        _check(additional, where, causes)


def _check_logical(schema: JsonObject, place: str, causes: list[Cause], *, is_int_or_string: bool) -> None:
    parts = [(f"{place}.{word}[{i}]", part) for word in _LOGICAL for i, part in enumerate(schema.get(word) or ())]
    if isinstance(schema.get("not"), dict):
        parts.append((f"{place}.not", schema["not"]))
    for where, part in parts:
        _check_restriction(part, where, causes, is_int_or_string=is_int_or_string)


def _check_restriction(part: Any, place: str, causes: list[Cause], *, is_int_or_string: bool) -> None:
    """A schema under a logical keyword. `anyOf: [{type: integer}, {type: string}]` is allowed for int-or-string."""
    if not isinstance(part, dict):
        causes.append(field_errors.type_invalid(place, part, "must be a schema object"))
        return
    for keyword in _NOT_UNDER_LOGICAL:
        if keyword in part and not (keyword == "type" and is_int_or_string and part["type"] in ("integer", "string")):
            causes.append(field_errors.forbidden(f"{place}.{keyword}", "must be empty to be structural"))
    if part.get("x-kubernetes-validations"):
        causes.append(field_errors.forbidden(f"{place}.x-kubernetes-validations", "must be empty to be structural"))
    _check_keywords({k: v for k, v in part.items() if k != "type"}, place, causes)
    for name, inner in (part.get("properties") or {}).items():
        _check_restriction(inner, f"{place}.properties[{name}]", causes, is_int_or_string=False)
    if isinstance(part.get("items"), dict):
        _check_restriction(part["items"], f"{place}.items", causes, is_int_or_string=False)
    _check_logical(part, place, causes, is_int_or_string=is_int_or_string)


def _check_default(schema: JsonObject, place: str, causes: list[Cause]) -> None:
    if "default" not in schema or causes:
        return
    node, default = Node(schema), schema["default"]
    field = f"{place}.default"
    shaped = node.shape(default)
    faults: list[Cause] = []
    node.validate(shaped, (None, "default"), faults)
    causes.extend({**fault, "field": field} for fault in faults)
    if not faults and isinstance(default, dict) and not all(key in shaped for key in default):
        causes.append(field_errors.invalid_value(field, default, "must not have unknown fields"))
