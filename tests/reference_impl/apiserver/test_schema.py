"""Structural schemas: pruning, defaulting, and validation with Kubernetes' messages."""

from typing import Any

import pytest

from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.schema import MISSING, compile_schema
from reference_impl.objects import copy_json


def _spec(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties, **more}}}


def _shape(schema: dict[str, Any], spec: Any) -> Any:
    return compile_schema(schema).shape({"apiVersion": "e/v1", "kind": "K", "metadata": {"name": "a"}, "spec": spec})[
        "spec"
    ]


def _faults(schema: dict[str, Any], spec: Any, old: Any = MISSING) -> list[Cause]:
    causes: list[Cause] = []
    before = old if old is MISSING else {"spec": old}
    compile_schema(schema).validate({"metadata": {}, "spec": spec}, None, causes, before)
    return causes


def _messages(schema: dict[str, Any], spec: Any, old: Any = MISSING) -> list[str]:
    return [f"{cause['field']}: {cause['message']}" for cause in _faults(schema, spec, old)]


INT = {"type": "integer"}
STRING = {"type": "string"}


# ------------------------------------------------------------------ pruning and defaulting


def test_unknown_fields_are_pruned_at_every_level() -> None:
    schema = _spec(
        {"a": {"type": "object", "properties": {"b": INT}}, "l": {"type": "array", "items": {"type": "object"}}}
    )
    assert _shape(schema, {"a": {"b": 1, "x": 2}, "y": 3, "l": [{"z": 1}]}) == {"a": {"b": 1}, "l": [{}]}


def test_the_envelope_is_never_pruned() -> None:
    obj = {"apiVersion": "e/v1", "kind": "K", "metadata": {"name": "a", "labels": {"x": "y"}}, "spec": {}}
    assert compile_schema(_spec({})).shape(obj) == obj


def test_preserved_unknown_fields_stay_and_known_ones_below_are_pruned() -> None:
    schema = _spec({"a": {"type": "object", "properties": {}}}, **{"x-kubernetes-preserve-unknown-fields": True})
    assert _shape(schema, {"x": {"y": 1}, "a": {"gone": 1}}) == {"x": {"y": 1}, "a": {}}


def test_map_values_follow_additional_properties() -> None:
    schema = _spec({"m": {"type": "object", "additionalProperties": {"type": "object", "properties": {"b": INT}}}})
    assert _shape(schema, {"m": {"k": {"b": 1, "x": 2}}}) == {"m": {"k": {"b": 1}}}


def test_an_embedded_resource_keeps_its_envelope() -> None:
    schema = _spec(
        {"t": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": {"type": "object"}}}}
    )
    template = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "junk": 1}
    assert _shape(schema, {"t": template})["t"] == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}
    assert _messages(schema, {"t": {"metadata": {}}})[0] == "spec.t.apiVersion: Required value: must not be empty"


def test_defaults_fill_what_is_missing_also_below_defaults() -> None:
    schema = _spec({"a": {"type": "object", "default": {}, "properties": {"b": {"type": "integer", "default": 7}}}})
    assert _shape(schema, {}) == {"a": {"b": 7}}
    assert _shape(schema, {"a": {"b": 1}}) == {"a": {"b": 1}}


def test_a_default_is_a_fresh_copy() -> None:
    schema = compile_schema(_spec({"l": {"type": "array", "items": INT, "default": [1]}}))
    first = schema.shape({"spec": {}})
    first["spec"]["l"].append(2)
    assert schema.shape({"spec": {}})["spec"]["l"] == [1]


def test_null_counts_as_absent_unless_nullable() -> None:
    schema = _spec({"a": {"type": "integer", "default": 1}, "b": INT, "c": {"type": "integer", "nullable": True}})
    assert _shape(schema, {"a": None, "b": None, "c": None}) == {"a": 1, "c": None}


def test_shaping_shares_what_it_does_not_change() -> None:
    obj = {"metadata": {}, "spec": {"a": {"b": 1}}}
    node = compile_schema(_spec({"a": {"type": "object", "properties": {"b": INT}}}))
    assert node.shape(obj) is obj
    before = copy_json(obj)
    node.shape({**obj, "junk": 1})
    assert obj == before


# ------------------------------------------------------------------ validation


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ({**INT, "maximum": 5}, 7, "Invalid value: 7: spec.a in body should be less than or equal to 5"),
        ({**INT, "maximum": 5, "exclusiveMaximum": True}, 5, "Invalid value: 5: spec.a in body should be less than 5"),
        ({**INT, "minimum": 1}, 0, "Invalid value: 0: spec.a in body should be greater than or equal to 1"),
        ({**INT, "minimum": 1, "exclusiveMinimum": True}, 1,
         "Invalid value: 1: spec.a in body should be greater than 1"),
        ({**INT, "multipleOf": 3}, 4, "Invalid value: 4: spec.a in body should be a multiple of 3"),
        (INT, "x", 'Invalid value: "string": spec.a in body must be of type integer: "string"'),
        (INT, True, 'Invalid value: "boolean": spec.a in body must be of type integer: "boolean"'),
        (INT, 1.5, 'Invalid value: "number": spec.a in body must be of type integer: "number"'),
        (STRING, 3, 'Invalid value: "integer": spec.a in body must be of type string: "integer"'),
        ({"type": "array", "items": INT}, {},
         'Invalid value: "object": spec.a in body must be of type array: "object"'),
        ({**STRING, "minLength": 2}, "x", 'Invalid value: "x": spec.a in body should be at least 2 chars long'),
        ({**STRING, "maxLength": 2}, "xyz", "Too long: may not be more than 2 bytes"),
        ({**STRING, "pattern": "^[a-z]+$"}, "A", "Invalid value: \"A\": spec.a in body should match '^[a-z]+$'"),
        ({**STRING, "enum": ["a", "b"]}, "c", 'Unsupported value: "c": supported values: "a", "b"'),
        ({**STRING, "format": "date-time"}, "x", 'Invalid value: "x": spec.a in body must be of type date-time: "x"'),
        ({"type": "array", "items": INT, "maxItems": 1}, [1, 2], "Too many: 2: must have at most 1 items"),
        ({"type": "array", "items": INT, "minItems": 1}, [],
         "Invalid value: []: spec.a in body should have at least 1 items"),
        ({"type": "object", "minProperties": 1}, {},
         "Invalid value: {}: spec.a in body should have at least 1 properties"),
        ({"type": "object", "maxProperties": 0, "additionalProperties": True}, {"x": 1},
         "Too many: 1: must have at most 0 items"),
    ],
)  # fmt: skip
def test_a_keyword_is_worded_as_kubernetes_words_it(field: dict[str, Any], value: Any, message: str) -> None:
    assert _messages(_spec({"a": field}), {"a": value}) == [f"spec.a: {message}"]


def test_a_missing_required_field_is_a_required_value() -> None:
    schema = _spec({"a": INT}, required=["a"])
    assert _faults(schema, {}) == [
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.a"}
    ]  # fmt: skip


def test_a_number_may_be_an_integer_and_an_integer_a_whole_float() -> None:
    assert _messages(_spec({"a": {"type": "number"}, "b": INT}), {"a": 1, "b": 2.0}) == []


def test_int_or_string_takes_both_and_nothing_else() -> None:
    schema = _spec({"a": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}})
    assert _messages(schema, {"a": 1}) == []
    assert _messages(schema, {"a": "25%"}) == []
    assert "must be of type integer,string" in _messages(schema, {"a": []})[0]


def test_an_int32_has_a_range() -> None:
    assert _messages(_spec({"a": {**INT, "format": "int32"}}), {"a": 2**31 - 1}) == []
    assert _messages(_spec({"a": {**INT, "format": "int32"}}), {"a": 2**31}) != []


def test_null_in_a_list_is_a_wrong_type() -> None:
    schema = _spec({"l": {"type": "array", "items": STRING}})
    assert _messages(schema, {"l": [None]}) == [
        'spec.l[0]: Invalid value: "null": spec.l[0] in body must be of type string: "null"'
    ]


def test_a_set_refuses_duplicates_and_a_map_duplicate_keys() -> None:
    assert _messages(
        _spec({"l": {"type": "array", "items": STRING, "x-kubernetes-list-type": "set"}}), {"l": ["a", "a"]}
    ) == ['spec.l[1]: Duplicate value: "a"']
    items = {"type": "object", "properties": {"n": STRING, "v": INT}, "required": ["n"]}
    schema = _spec(
        {"l": {"type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]}}
    )
    assert _messages(schema, {"l": [{"n": "a", "v": 1}, {"n": "b"}, {"n": "a", "v": 2}]}) == [
        'spec.l[2]: Duplicate value: {"n":"a"}'
    ]


@pytest.mark.parametrize(
    ("logic", "good", "bad", "message"),
    [
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1}, {"a": 1, "b": 1},
         '"spec" must validate one and only one schema (oneOf). Found 2 valid alternatives'),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}, {},
         '"spec" must validate one and only one schema (oneOf). Found none valid'),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, {},
         '"spec" must validate at least one schema (anyOf)'),
        ({"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, {"a": 1},
         '"spec" must validate all the schemas (allOf)'),
        ({"not": {"required": ["a"]}}, {"b": 1}, {"a": 1}, '"spec" must not validate the schema (not)'),
    ],
)  # fmt: skip
def test_logical_keywords(logic: dict[str, Any], good: Any, bad: Any, message: str) -> None:
    schema = _spec({"a": INT, "b": INT}, **logic)
    assert _messages(schema, good) == []
    assert f'<nil>: Invalid value: "": {message}' in _messages(schema, bad)


def test_what_an_update_leaves_alone_is_not_judged_again() -> None:
    schema = _spec({"a": {**INT, "maximum": 5}, "b": INT})
    assert _messages(schema, {"a": 9, "b": 2}, old={"a": 9, "b": 1}) == []
    assert _messages(schema, {"a": 10}, old={"a": 9}) != []


def test_ratcheting_follows_the_keys_of_a_list_map() -> None:
    items = {"type": "object", "properties": {"n": STRING, "v": {**INT, "maximum": 5}}, "required": ["n"]}
    schema = _spec(
        {"l": {"type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]}}
    )
    old = {"l": [{"n": "a", "v": 9}]}
    assert _messages(schema, {"l": [{"n": "b", "v": 1}, {"n": "a", "v": 9}]}, old=old) == []
    assert len(_messages(schema, {"l": [{"n": "b", "v": 9}, {"n": "a", "v": 9}]}, old=old)) == 1
