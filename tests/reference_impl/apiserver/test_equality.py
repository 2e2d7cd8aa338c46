import pytest

from reference_impl.apiserver.equality import same
from reference_impl.objects import copy_json


@pytest.mark.parametrize("value", [1, "a", None, True, [1, {"a": [True]}], {"a": {"b": 1.5}}])
def test_a_value_is_the_same_as_its_copy(value):
    assert same(value, copy_json(value))


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), ([1], [True]), ({"a": [{"b": 0}]}, {"a": [{"b": False}]}), ({}, {"a": 1})]
)
def test_values_that_json_tells_apart_are_not_the_same(one, other):
    assert not same(one, other)
