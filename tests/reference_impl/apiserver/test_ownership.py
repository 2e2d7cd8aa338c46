"""The tables of structured-merge-diff (merge/{set,nested,multiple_appliers,conflict}_test.go):
what its stories end with, told anew."""

from typing import Any

import pytest
import yaml

from reference_impl.apiserver.field_types import ANY
from reference_impl.protocol import JsonObject
from tests.reference_impl.apiserver.ssa_story import Story, type_from

SETS = type_from("list: {type: array, x-kubernetes-list-type: set, items: {type: string}}")
NESTED = type_from("""
listOfLists:
  type: array
  x-kubernetes-list-type: map
  x-kubernetes-list-map-keys: [name]
  items:
    type: object
    properties:
      name: {type: string}
      value: {type: array, x-kubernetes-list-type: set, items: {type: string}}
listOfMaps:
  type: array
  x-kubernetes-list-type: map
  x-kubernetes-list-map-keys: [name]
  items:
    type: object
    properties:
      name: {type: string}
      value: {type: object, additionalProperties: {type: string}}
mapOfLists:
  type: object
  additionalProperties: {type: array, x-kubernetes-list-type: set, items: {type: string}}
mapOfMaps: {type: object, additionalProperties: {type: object, additionalProperties: {type: string}}}
mapOfMapsRecursive: {type: object, x-kubernetes-preserve-unknown-fields: true}
struct:
  type: object
  properties:
    name: {type: string}
    scalar: {type: string}
    complex: {type: object, properties: {name: {type: string}}}
""")
DUPLICATES = type_from("""
list:
  type: array
  x-kubernetes-list-type: map
  x-kubernetes-list-map-keys: [name]
  items:
    type: object
    properties: {name: {type: string}, value1: {type: integer}, value2: {type: integer}}
unrelated: {type: integer}
set: {type: array, x-kubernetes-list-type: set, items: {type: integer}}
""")
ATOMIC = type_from("""
list: {type: array, items: {type: string}}
map: {type: object, x-kubernetes-map-type: atomic, additionalProperties: {type: string}}
""")


def of(text: str) -> Any:
    return yaml.safe_load(text)


# ------------------------------------------------------------------------------------------------------------- sets


@pytest.mark.parametrize(
    ("first", "then", "end"),
    [
        ("[a, c]", "[a, b, c, d]", "[a, b, c, d]"),
        ("[a, b, c, d]", "[a, d, c, b]", "[a, d, c, b]"),
        ("[a, b, c, d]", "[a, c]", "[a, c]"),
    ],
    ids=["twice", "reorder", "remove"],
)
def test_one_applier_of_a_set_gets_what_it_names_in_its_order(first: str, then: str, end: str) -> None:
    story = Story(SETS)
    story.apply("default", f"list: {first}")
    story.apply("default", f"list: {then}", version="v2")
    assert story.obj == of(f"list: {end}")
    assert story.owned() == {"default": sorted(f'.list[="{item}"]' for item in of(end))}
    assert [claim.api_version for claim in story.claims.values()] == ["v2"]


@pytest.mark.parametrize("controllers", ["v1", "v2"])
def test_items_that_an_updater_added_to_a_set_stay_its_own(controllers: str) -> None:
    story = Story(SETS)
    story.apply("default", "list: [a, c]")
    story.update("controller", "list: [a, b, c, d]", version=controllers)
    story.apply("default", "list: [a, aprime, c, cprime]")
    assert sorted(story.obj["list"]) == ["a", "aprime", "b", "c", "cprime", "d"]
    assert story.owned() == {
        "default": ['.list[="a"]', '.list[="aprime"]', '.list[="c"]', '.list[="cprime"]'],
        "controller": ['.list[="b"]', '.list[="d"]'],
    }


def test_an_item_of_a_set_that_two_name_is_shared() -> None:
    story = Story(SETS)
    story.apply("default", "list: [a, c]")
    story.update("controller", "list: [a, b, c, d]")
    assert story.apply("default", "list: [a, b, c]") == []
    assert story.obj == of("list: [a, b, c, d]")
    assert story.owned()["default"] == ['.list[="a"]', '.list[="b"]', '.list[="c"]']
    assert story.owned()["controller"] == ['.list[="b"]', '.list[="d"]']


def test_an_updater_that_reorders_a_set_owns_nothing_of_it() -> None:
    story = Story(SETS)
    story.apply("default", "list: [a, b, c, d]")
    story.update("controller", "list: [a, d, c, b]")
    story.apply("default", "list: [a, b, c, d]")
    assert story.obj == of("list: [a, b, c, d]")
    assert list(story.owned()) == ["default"]


# ----------------------------------------------------------------------------------------------------------- nesting


@pytest.mark.parametrize(
    ("first", "then", "owned"),
    [
        (
            "listOfLists: [{name: a, value: [b, c]}]",
            "listOfLists: [{name: a, value: [a, c]}]",
            ["[name='a']", "[name='a'].name", "[name='a'].value[='a']", "[name='a'].value[='c']"],
        ),
        (
            "listOfLists: [{name: a, value: [b, c]}]",
            "listOfLists: [{name: b, value: [a, c]}]",
            ["[name='b']", "[name='b'].name", "[name='b'].value[='a']", "[name='b'].value[='c']"],
        ),
        (
            "listOfMaps: [{name: a, value: {b: x, c: y}}]",
            "listOfMaps: [{name: a, value: {a: x, c: z}}]",
            ["[name='a']", "[name='a'].name", "[name='a'].value.a", "[name='a'].value.c"],
        ),
        (
            "listOfMaps: [{name: a, value: {b: x, c: y}}]",
            "listOfMaps: [{name: b, value: {a: x, c: z}}]",
            ["[name='b']", "[name='b'].name", "[name='b'].value.a", "[name='b'].value.c"],
        ),
        ("mapOfLists: {a: [b, c]}", "mapOfLists: {a: [a, c]}", [".a", ".a[='a']", ".a[='c']"]),
        ("mapOfLists: {a: [b, c]}", "mapOfLists: {b: [a, c]}", [".b", ".b[='a']", ".b[='c']"]),
        ("mapOfMaps: {a: {b: x, c: y}}", "mapOfMaps: {a: {a: x, c: z}}", [".a", ".a.a", ".a.c"]),
        ("mapOfMaps: {a: {b: x, c: y}}", "mapOfMaps: {b: {a: x, c: z}}", [".b", ".b.a", ".b.c"]),
        (
            "mapOfMapsRecursive: {a: {b: {c: }}}",
            "mapOfMapsRecursive: {a: {d: {c: }}}",
            [".a", ".a.d", ".a.d.c"],
        ),
    ],
)
def test_what_an_applier_names_no_more_goes_at_every_depth(first: str, then: str, owned: list[str]) -> None:
    story = Story(NESTED)
    story.apply("default", first)
    story.apply("default", then)
    assert story.obj == of(then)
    field = next(iter(story.obj))
    assert story.owned() == {"default": sorted(f".{field}{path}".replace("'", '"') for path in owned)}


# -------------------------------------------------------------------------------------------------- several appliers


def _list(*items: JsonObject | str) -> str:
    return yaml.safe_dump({"listOfLists": [item if isinstance(item, dict) else {"name": item} for item in items]})


def _b(*value: str) -> JsonObject:
    return {"name": "b", "value": list(value)}


def test_an_applier_removes_its_own_item_and_no_other() -> None:
    story = Story(NESTED)
    story.apply("one", _list("a", "b"))
    story.apply("two", _list("c"), version="v2")
    story.apply("one", _list("a"), version="v3")
    assert story.obj == of(_list("a", "c"))


def test_a_shared_item_stays_until_the_last_applier_lets_go() -> None:
    story = Story(NESTED)
    story.apply("one", _list("a", "b", "c"))
    story.apply("two", _list("c", "d"))
    story.apply("one", _list("a"))
    assert story.obj == of(_list("a", "c", "d"))
    story.apply("two", _list("d"))
    assert story.obj == of(_list("a", "d"))


def test_the_same_value_from_two_appliers_is_no_conflict() -> None:
    story = Story(NESTED)
    story.apply("one", "struct: {name: a}")
    assert story.apply("two", "struct: {name: a}", version="v2") == []
    assert story.owned() == {"one": [".struct.name"], "two": [".struct.name"]}


def test_another_value_is_a_conflict_and_changes_nothing() -> None:
    story = Story(DUPLICATES)
    story.apply("one", "list: [{name: a, value1: 0}]")
    assert story.apply("two", "list: [{name: a, value1: 1}]") == ['one: .list[name="a"].value1']
    assert story.obj == of("list: [{name: a, value1: 0}]")
    assert list(story.owned()) == ["one"]


def test_force_takes_the_conflicting_field_and_leaves_the_rest() -> None:
    story = Story(DUPLICATES)
    story.apply("one", "list: [{name: a, value1: 0, value2: 5}]")
    story.apply("two", "list: [{name: a, value1: 1}]", force=True)
    assert story.obj == of("list: [{name: a, value1: 1, value2: 5}]")
    assert '.list[name="a"].value1' not in story.owned()["one"]
    assert '.list[name="a"].value2' in story.owned()["one"]


def test_the_parts_of_an_item_that_another_applier_claims_stay() -> None:
    story = Story(NESTED)
    story.apply("one", _list("a", _b("c")))
    story.apply("two", _list(_b("d")), version="v2")
    story.apply("one", _list("a"), version="v3")
    assert story.obj == of(_list("a", _b("d")))


def test_what_an_updater_put_into_a_shared_item_stays_with_it() -> None:
    story = Story(NESTED)
    story.apply("one", _list("a", _b("c")))
    story.apply("two", _list(_b("d")))
    story.update("controller", _list("a", _b("c", "d", "e")))
    story.apply("one", _list("a"))
    assert story.obj == of(_list("a", _b("d", "e")))
    assert story.owned()["controller"] == ['.listOfLists[name="b"].value[="e"]']


def test_what_an_updater_put_into_a_removed_item_goes_with_it() -> None:
    story = Story(NESTED)
    story.apply("one", _list("a", _b("c")))
    story.apply("two", _list({"name": "a", "value": ["b"]}))
    story.update("controller", _list({"name": "a", "value": ["b"]}, _b("c", "d")))
    story.apply("one", _list("a"))
    assert story.obj == of(_list({"name": "a", "value": ["b"]}))
    assert sorted(story.owned()) == ["one", "two"]


@pytest.mark.parametrize("prefix", ["mapOfMapsRecursive", None], ids=["declared", "deduced"])
def test_maps_of_maps_keep_what_several_made_of_them(prefix: str | None) -> None:
    def under(text: str) -> str:
        return text if prefix is None else f"{prefix}: {text}"

    story = Story(NESTED if prefix else ANY)
    story.apply("apply-one", under("{a: {b: }, c: {d: }}"))
    story.apply("apply-two", under("{a: , c: {d: }}"), version="v2")
    story.update("controller-one", under("{a: {b: {c: }}, c: {d: {e: }}}"), version="v3")
    story.update("controller-two", under("{a: {b: {c: {d: }}}, c: {d: {e: {f: }}}}"), version="v2")
    story.update("controller-one", under("{a: {b: {c: {d: {e: }}}}, c: {d: {e: {f: {g: }}}}}"), version="v3")
    story.apply("apply-one", f"{prefix}: " if prefix else "", version="v4")
    assert story.obj == of(under("{a: , c: {d: {e: {f: {g: }}}}}"))
    start = f".{prefix}" if prefix else ""
    owned = story.owned()
    assert owned.pop("apply-one", [start]) == [start]
    assert owned == {
        "apply-two": [f"{start}.a", f"{start}.c", f"{start}.c.d"],
        "controller-one": [f"{start}.c.d.e", f"{start}.c.d.e.f.g"],
        "controller-two": [f"{start}.c.d.e.f"],
    }


# --------------------------------------------------------------------------------------------- letting go of a field


@pytest.mark.parametrize("field", ["scalar: x", "complex: {name: x}"])
def test_a_field_goes_when_its_only_owner_lets_go(field: str) -> None:
    story = Story(NESTED)
    story.apply("one", f"struct: {{name: a, {field}}}")
    story.apply("one", "struct: {name: a}")
    assert story.obj == of("struct: {name: a}")


@pytest.mark.parametrize("field", ["scalar: x", "complex: {name: x}"])
@pytest.mark.parametrize("other", ["applier", "updater"])
def test_a_field_stays_while_anybody_else_owns_it(field: str, other: str) -> None:
    story = Story(NESTED)
    if other == "updater":
        story.update("two", f"struct: {{name: a, {field}}}")
    story.apply("one", f"struct: {{name: a, {field}}}")
    if other == "applier":
        story.apply("two", f"struct: {{{field}}}", version="v2")
    story.apply("one", "struct: {name: a}")
    assert story.obj == of(f"struct: {{name: a, {field}}}")
    assert story.owned()["one"] == [".struct.name"]


def test_an_update_of_a_field_takes_it_from_its_applier() -> None:
    story = Story(NESTED)
    story.apply("applier", "struct: {name: a, scalar: a}")
    story.update("updater", "struct: {name: a, scalar: b}")
    assert story.owned() == {"applier": [".struct.name"], "updater": [".struct.scalar"]}
    assert story.apply("applier", "struct: {name: a, scalar: a}") == ["updater: .struct.scalar"]


def test_a_field_that_an_updater_took_is_not_removed_by_its_former_applier() -> None:
    story = Story(NESTED)
    story.apply("applier", "struct: {name: a, scalar: a}")
    story.update("updater", "struct: {name: a, scalar: b}")
    story.apply("applier", "struct: {name: a}")
    assert story.obj == of("struct: {name: a, scalar: b}")


def test_a_field_that_an_update_removes_is_nobodys() -> None:
    story = Story(NESTED)
    story.apply("applier", "struct: {name: a, scalar: a}")
    story.update("updater", "struct: {name: a}")
    assert story.owned() == {"applier": [".struct.name"]}


def test_an_apply_of_nothing_gives_up_everything() -> None:
    story = Story(NESTED)
    story.apply("one", "struct: {name: a, scalar: a}")
    story.apply("two", "struct: {name: a}")
    story.apply("one", "")
    assert story.obj == of("struct: {name: a}")
    assert list(story.owned()) == ["two"]


# ------------------------------------------------------------------------------------------------------------ atomics


@pytest.mark.parametrize(("field", "one", "other"), [("list", "[a, b]", "[a, c]"), ("map", "{a: x}", "{b: x}")])
def test_an_atomic_field_has_one_value_and_conflicts_as_a_whole(field: str, one: str, other: str) -> None:
    story = Story(ATOMIC)
    story.apply("one", f"{field}: {one}")
    assert story.owned() == {"one": [f".{field}"]}
    assert story.apply("two", f"{field}: {other}") == [f"one: .{field}"]
    story.apply("two", f"{field}: {other}", force=True)
    assert story.obj == of(f"{field}: {other}")
    assert story.owned() == {"two": [f".{field}"]}


def test_who_owned_a_part_owns_the_whole_once_the_schema_says_atomic() -> None:
    story = Story(SETS)
    story.apply("one", "list: [a]")
    story.apply("two", "list: [b]")
    story.type = ATOMIC
    assert story.apply("one", "list: [a]") == ["two: .list"]
    story.apply("one", "list: [a]", force=True)
    assert (story.obj, story.owned()) == (of("list: [a]"), {"one": [".list"]})


# ---------------------------------------------------------------------------------------------------------- versions


def _renamed(obj: JsonObject, version: str) -> JsonObject:
    """Field `scalar_v1` of version v1 is `scalar_v2` of v2."""
    return {f"scalar_{version}" if name.startswith("scalar_") else name: value for name, value in obj.items()}


@pytest.mark.parametrize("first", ["v1", "v2", "v3"])
@pytest.mark.parametrize("second", ["v1", "v2", "v3"])
@pytest.mark.parametrize("third", ["v1", "v2", "v3"])
def test_claims_are_compared_in_the_version_they_were_made_in(first: str, second: str, third: str) -> None:
    story = Story(ANY, _renamed)
    story.apply("one", f"{{name: a, scalar_{first}: a}}", version=first)
    story.apply("two", f"{{scalar_{second}: a}}", version=second)
    conflicts = story.apply("three", f"{{scalar_{third}: b}}", version=third)
    assert conflicts == [f"one: .scalar_{first}", f"two: .scalar_{second}"]
    story.apply("one", "{name: a}", version=third)
    assert _renamed(story.obj, third) == {"name": "a", f"scalar_{third}": "a"}
    story.apply("two", "{}", version=first)
    assert story.obj == {"name": "a"}


def test_claims_in_a_version_that_is_served_no_more_are_forgotten() -> None:
    story = Story(NESTED)
    story.apply("one", "struct: {name: a}")
    ((owner, claim),) = story.claims.items()
    story.claims = {owner: type(claim)(api_version="gone", fields=claim.fields)}
    assert story.apply("two", "struct: {name: b}") == []
    assert story.owned() == {"two": [".struct.name"]}


def test_conflicts_are_listed_by_manager_and_then_by_path() -> None:
    story = Story(ANY)
    story.apply("Bob", "{key: 1, deep: {x: 1}}")
    story.apply("Alice", "{value: 1, deep: {y: 1}}")
    conflicts = story.apply("Carol", "{key: 2, value: 2, deep: {x: 2, y: 2}}")
    assert conflicts == ["Alice: .value", "Alice: .deep.y", "Bob: .key", "Bob: .deep.x"]
