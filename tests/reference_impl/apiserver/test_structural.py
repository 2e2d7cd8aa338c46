"""Which schemas are structural."""

from typing import Any

import pytest

from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.structural import check_schema


def _faults(spec: dict[str, Any]) -> list[str]:
    causes: list[Cause] = []
    check_schema({"type": "object", "properties": {"spec": spec}}, "s", causes)
    return [f"{cause['field']}: {cause['message']}" for cause in causes]


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


INT = {"type": "integer"}


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({}, "s.properties[spec].type: Required value: must not be empty for specified object fields"),
        (_object(a={}), "properties[a].type: Required value"),
        ({"type": "array"}, "s.properties[spec].items: Required value: must be specified"),
        ({"type": "array", "items": {}}, "items.type: Required value: must not be empty for specified array items"),
        ({"type": "thing"}, 'type: Unsupported value: "thing"'),
        ({"type": "object", "patternProperties": {}}, "patternProperties: Forbidden"),
        ({"type": "object", "$ref": "#/x"}, "$ref: Forbidden"),
        ({"type": "array", "items": INT, "uniqueItems": True}, "uniqueItems: Forbidden"),
        ({**_object(a=INT), "additionalProperties": INT}, "additionalProperties and properties are mutual exclusive"),
        ({"type": "object", "additionalProperties": False}, "additionalProperties cannot be set to false"),
        ({"type": "string", "pattern": "("}, "must be a valid regular expression"),
        ({"type": "string", "format": "isbn"}, "format: Unsupported value"),
        ({**_object(a=INT), "anyOf": [{"type": "object"}]}, "anyOf[0].type: Forbidden: must be empty to be structural"),
        ({**_object(a=INT), "not": {"properties": {"a": {"default": 1}}}}, "not.properties[a].default: Forbidden"),
        ({"type": "integer", "x-kubernetes-int-or-string": True},
         "must be empty if x-kubernetes-int-or-string is true"),
        ({"type": "string", "x-kubernetes-map-type": "atomic"}, "must be object if x-kubernetes-map-type is specified"),
        ({"type": "object", "x-kubernetes-map-type": "loose"}, 'supported values: "atomic", "granular"'),
        ({"type": "array", "items": _object(n=INT), "x-kubernetes-list-type": "map"},
         "x-kubernetes-list-map-keys: Required"),
        ({"type": "array", "items": _object(n=INT), "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["n"]},
         "must have a default or be a required property"),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, "properties: Required value"),
        ({"type": "integer", "maximum": 1, "default": 2}, "default: Invalid value: 2"),
        ({**_object(a=INT), "default": {"b": 1}}, "must not have unknown fields"),
    ],
)  # fmt: skip
def test_a_schema_that_is_not_structural_is_refused(spec: dict[str, Any], fault: str) -> None:
    assert any(fault in text for text in _faults(spec)), _faults(spec)


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        _object(a={"x-kubernetes-preserve-unknown-fields": True}),
        _object(a={"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
        _object(a={"x-kubernetes-int-or-string": True,
                   "allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"pattern": "^x"}]}),
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "additionalProperties": True},
        {**_object(a=INT, b=INT), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    ],
)  # fmt: skip
def test_schemas_as_tools_generate_them_are_structural(spec: dict[str, Any]) -> None:
    assert _faults(spec) == []


def test_the_root_is_an_object_whose_metadata_is_not_specified() -> None:
    causes: list[Cause] = []
    check_schema({"type": "string"}, "s", causes)
    check_schema({}, "s", causes)
    check_schema(
        {"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {}}}}}, "s", causes
    )
    texts = [f"{cause['field']}: {cause['message']}" for cause in causes]
    assert 's.type: Invalid value: "string": must be object at the root' in texts
    assert "s.type: Required value: must not be empty at the root" in texts
    assert any(text.startswith("s.properties[metadata]: Forbidden: must not specify") for text in texts)
