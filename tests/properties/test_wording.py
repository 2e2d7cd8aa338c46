"""Tests of how changes are put into words."""

from properties.wording import changed_fields, first
from tests.properties.fake_view import make


def test_changed_fields_are_named_with_both_values_and_upkeep_is_not() -> None:
    before = make("Deployment", "front", spec={"replicas": 1, "x": [1, 2]}, resourceVersion="1", generation=1)
    after = make("Deployment", "front", spec={"replicas": 2, "x": [1, 3]}, resourceVersion="2", generation=2)
    assert changed_fields(before, after) == "spec.replicas: 1 -> 2, spec.x[1]: 2 -> 3"


def test_a_long_story_is_cut() -> None:
    assert changed_fields({"a": 1, "b": 1}, {"a": 2, "b": 2}, limit=1) == "a: 1 -> 2, ..."
    assert len(changed_fields({"a": 1}, {"a": "x" * 500})) < 90
    assert first(["a", "b", "c"], 2) == "a; b; and 1 more"


def test_what_appears_or_goes_comes_from_or_turns_to_nothing() -> None:
    assert changed_fields({"a": 1}, {}) == "a: 1 -> nothing"
    assert changed_fields(None, {"a": 1}) == ""
