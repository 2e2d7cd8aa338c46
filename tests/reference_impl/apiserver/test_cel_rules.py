"""Validation rules: when they run, what they see, what they say, and which are refused."""

from typing import Any

import pytest

from reference_impl.apiserver.cel_rules import compile_rules
from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.schema import MISSING, compile_schema


def _schema(properties: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
    spec = {"type": "object", "properties": properties, "x-kubernetes-validations": list(rules)}
    return {"type": "object", "properties": {"spec": spec}}


def _refused(schema: dict[str, Any]) -> list[Cause]:
    refused: list[Cause] = []
    compile_rules(compile_schema(schema), "schema", refused)
    return refused


def _causes(schema: dict[str, Any], spec: Any, old: Any = MISSING) -> list[Cause]:
    refused: list[Cause] = []
    rules = compile_rules(compile_schema(schema), "schema", refused)
    assert not refused, refused
    assert rules is not None
    causes: list[Cause] = []
    obj = {"apiVersion": "e.com/v1", "kind": "K", "metadata": {"name": "a", "labels": {"x": "y"}}, "spec": spec}
    rules.evaluate(obj, old if old is MISSING else {**obj, "spec": old}, None, causes)
    return causes


INT = {"type": "integer"}
STRING = {"type": "string"}
SIZES = {"size": INT, "max": INT}


def test_a_rule_that_does_not_hold_is_an_invalid_value_of_its_type() -> None:
    schema = _schema(SIZES, {"rule": "self.size <= self.max", "message": "size must fit"})
    assert _causes(schema, {"size": 1, "max": 2}) == []
    assert _causes(schema, {"size": 3, "max": 2}) == [
        {"reason": "FieldValueInvalid", "message": 'Invalid value: "object": size must fit', "field": "spec"}
    ]


def test_without_a_message_the_rule_itself_is_named() -> None:
    assert "failed rule: self.size > 0" in _causes(_schema(SIZES, {"rule": "self.size > 0"}), {"size": 0})[0]["message"]


def test_a_message_expression_wins_over_the_message_and_falls_back_to_it() -> None:
    rule = {"rule": "self.size > 0", "message": "plain", "messageExpression": "'size is ' + string(self.size)"}
    assert "size is 0" in _causes(_schema(SIZES, rule), {"size": 0})[0]["message"]
    broken = {**rule, "messageExpression": "'max is ' + string(self.max)"}
    assert "plain" in _causes(_schema(SIZES, broken), {"size": 0})[0]["message"]


def test_reason_and_field_path_are_used() -> None:
    rule = {"rule": "self.size > 0", "message": "no", "reason": "FieldValueForbidden", "fieldPath": ".size"}
    assert _causes(_schema(SIZES, rule), {"size": 0}) == [
        {"reason": "FieldValueForbidden", "message": "Forbidden: no", "field": "spec.size"}
    ]


def test_a_missing_field_fails_the_rule_and_has_guards_against_it() -> None:
    assert "no such key: size" in _causes(_schema(SIZES, {"rule": "self.size > 0"}), {})[0]["message"]
    assert _causes(_schema(SIZES, {"rule": "!has(self.size) || self.size > 0"}), {}) == []


def test_a_transition_rule_runs_on_updates_only() -> None:
    schema = _schema(SIZES, {"rule": "self.size >= oldSelf.size", "message": "never smaller"})
    assert _causes(schema, {"size": 1}) == []
    assert _causes(schema, {"size": 2}, old={"size": 1}) == []
    assert len(_causes(schema, {"size": 1}, old={"size": 2})) == 1


def test_an_optional_old_self_is_there_on_create_too() -> None:
    rule = {"rule": "oldSelf.hasValue() ? self.size == oldSelf.value().size : self.size == 1", "optionalOldSelf": True}
    assert _causes(_schema(SIZES, rule), {"size": 1}) == []
    assert len(_causes(_schema(SIZES, rule), {"size": 2})) == 1
    assert len(_causes(_schema(SIZES, rule), {"size": 2}, old={"size": 1})) == 1


def test_a_rule_on_what_did_not_change_is_not_judged_again() -> None:
    schema = _schema(SIZES, {"rule": "self.size > 0"})
    assert _causes(schema, {"size": 0}, old={"size": 0}) == []


def test_rules_on_items_and_map_values_name_their_place() -> None:
    item = {**INT, "x-kubernetes-validations": [{"rule": "self > 0", "message": "positive"}]}
    schema = _schema({"l": {"type": "array", "items": item}, "m": {"type": "object", "additionalProperties": item}})
    fields = [cause["field"] for cause in _causes(schema, {"l": [1, 0], "m": {"a": 0}})]
    assert fields == ["spec.l[1]", "spec.m[a]"]


def test_old_items_of_a_list_map_correlate_by_key() -> None:
    items = {
        "type": "object", "properties": {"n": STRING, "v": INT}, "required": ["n"],
        "x-kubernetes-validations": [{"rule": "self.v >= oldSelf.v"}],
    }  # fmt: skip
    listed = {"type": "array", "items": items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]}
    schema = _schema({"l": listed})
    old = {"l": [{"n": "a", "v": 5}, {"n": "b", "v": 1}]}
    assert _causes(schema, {"l": [{"n": "b", "v": 1}, {"n": "a", "v": 6}, {"n": "c", "v": 0}]}, old=old) == []
    assert [c["field"] for c in _causes(schema, {"l": [{"n": "a", "v": 4}]}, old=old)] == ["spec.l[0]"]


def test_a_root_rule_sees_the_name_and_no_other_metadata() -> None:
    schema = {
        **_schema(SIZES),
        "x-kubernetes-validations": [{"rule": "self.metadata.name == 'a' && !has(self.metadata.labels)"}],
    }
    assert _causes(schema, {"size": 1}) == []


def test_numbers_dates_and_odd_names_reach_cel_with_their_types() -> None:
    properties = {
        "n": {"type": "number"}, "t": {**STRING, "format": "date-time"}, "d": {**STRING, "format": "duration"},
        "a-b": INT, "namespace": STRING,
    }  # fmt: skip
    rule = "self.n < 2.5 && self.t < timestamp('2030-01-01T00:00:00Z') && self.d < duration('2h') "
    rule += "&& self.a__dash__b == 1 && self.__namespace__ == 'x'"
    spec = {"n": 2, "t": "2026-01-01T00:00:00Z", "d": "1h30m", "a-b": 1, "namespace": "x"}
    assert _causes(_schema(properties, {"rule": rule}), spec) == []


@pytest.mark.parametrize(
    "rule",
    [
        "self.s.lowerAscii() == 'ab'",
        "self.s.find('[A-Z]') == 'A'",
        "self.s.findAll('[A-Z]').size() == 1",
        "quantity('1Gi').isGreaterThan(quantity('500Mi'))",
        "isQuantity('1500m') && quantity('1500m') == quantity('1.5')",
        "isURL('https://e.com:80/x') && url('https://e.com:80/x').getHostname() == 'e.com'",
        "[1, 2, 3].isSorted() && [1, 2].sum() == 3 && [1, 2].max() == 2",
        "['a', 'b'].indexOf('b') == 1 && 'abc'.indexOf('c') == 2",
        "isIP('10.0.0.1') && cidr('10.0.0.0/8').containsIP('10.1.1.1')",
        "sets.contains([1, 2], [1]) && math.greatest(1, 2) == 2",
        "['a', 'b'].exists(x, x == 'b') && self.s.split('b').size() == 2",
        "type(self.s) == string",
    ],
)
def test_functions_of_kubernetes_that_are_here(rule: str) -> None:
    assert _causes(_schema({"s": STRING}, {"rule": rule}), {"s": "Ab"}) == []


@pytest.mark.parametrize(
    "rule",
    ["self.size >", "selff.size > 0", "self.size.frobnicate()", "format.dns1123Label().validate('a').hasValue()",
     "semver('1.0.0').major() == 1", "authorizer.path('/x').check('get').allowed()", "[1].all(i, v, v > 0)",
     "cel.bind(x, 1, x > 0)", "self.?size.orValue(1) > 0"],
)  # fmt: skip
def test_a_rule_that_cannot_be_run_makes_the_crd_invalid(rule: str) -> None:
    refused = _refused(_schema(SIZES, {"rule": rule}))
    assert refused
    assert refused[0]["field"] == "schema.properties[spec].x-kubernetes-validations[0].rule"
    assert "compilation failed" in refused[0]["message"]


def test_old_self_in_an_uncorrelatable_place_is_refused() -> None:
    item = {**INT, "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}
    refused = _refused(_schema({"l": {"type": "array", "items": item}}))
    assert "uncorrelatable" in refused[0]["message"]
