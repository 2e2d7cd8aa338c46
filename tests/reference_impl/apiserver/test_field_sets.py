"""Sets of fields: their algebra and their spelling (structured-merge-diff `fieldpath/{set,serialize}_test.go`)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.apiserver.field_sets import FieldSet, Path, key_step, path_text, value_step

_STEPS = st.sampled_from(["f:a", "f:b", 'k:{"name":"a"}', "v:1", 'v:"x"', "i:0"])
PATHS = st.lists(_STEPS, min_size=1, max_size=3).map(tuple)
SETS = st.lists(PATHS, max_size=8)


def paths(found: FieldSet) -> set[Path]:
    return set(found.paths())


@given(SETS, SETS)
def test_sets_of_fields_are_sets_of_paths(one: list[Path], other: list[Path]) -> None:
    left, right = FieldSet.of(*one), FieldSet.of(*other)
    assert paths(left.union(right)) == {*one, *other}
    assert paths(left.intersection(right)) == {*one} & {*other}
    assert paths(left.difference(right)) == {*one} - {*other}
    assert bool(left) == bool(one)
    assert (paths(left), paths(right)) == ({*one}, {*other})


@given(SETS, SETS)
def test_taking_away_with_all_below_leaves_nothing_under_a_removed_path(one: list[Path], other: list[Path]) -> None:
    left = paths(FieldSet.of(*one).without(FieldSet.of(*other)))
    assert left == {path for path in one if not any(path[: len(gone)] == gone for gone in other)}


@given(SETS)
def test_what_is_written_as_fields_v1_is_read_as_it_was(one: list[Path]) -> None:
    found = FieldSet.of(*one)
    assert FieldSet.from_fields(found.to_fields()) == found


def test_a_set_is_spelled_as_in_managed_fields() -> None:
    found = FieldSet.of(
        ("f:spec", "f:list", value_step(2)),
        ("f:spec", "f:list", value_step("b")),
        ("f:spec", "f:ports", key_step({"protocol": "TCP", "port": 80.0})),
        ("f:spec", "f:ports", key_step({"protocol": "TCP", "port": 80.0}), "f:port"),
        ("f:spec", "f:a"),
        ("f:spec", "i:1"),
    )
    assert found.to_fields() == {
        "f:spec": {
            "f:a": {},
            "f:list": {"v:2": {}, 'v:"b"': {}},
            "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}},
            "i:1": {},
        }
    }
    assert list(found.to_fields()["f:spec"]) == ["f:a", "f:list", "f:ports", "i:1"]


def test_a_path_is_printed_as_conflicts_print_it() -> None:
    path = ("f:list", key_step({"key": "a", "id": 2}), "f:set", value_step("x"), value_step(True), "i:3")
    assert path_text(path) == '.list[id=2,key="a"].set[="x"][=true][3]'


@pytest.mark.parametrize(
    "fields",
    [[], "x", {"spec": {}}, {"x:a": {}}, {"f:a": 1}, {"k:1": {}}, {"k:{}": {}}, {"v:{": {}}, {"f:a": {"b": {}}}],
)
def test_what_is_no_fields_v1_is_refused(fields: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        FieldSet.from_fields(fields)


def test_numbers_beyond_64_bits_have_a_spelling_too() -> None:
    assert value_step(2**70) == f"v:{2**70}"
    assert path_text((key_step({"n": 2**70}),)) == f"[n={2**70}]"
