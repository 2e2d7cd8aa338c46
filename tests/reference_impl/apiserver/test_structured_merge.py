"""Keys that are left out, and keys that occur twice (structured-merge-diff merge/{default_keys,duplicates}_test.go)."""

from typing import Any

import pytest
import yaml

from reference_impl.apiserver import structured_merge
from tests.reference_impl.apiserver.ssa_story import Story, type_from

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
PORTS = type_from("""
ports:
  type: array
  x-kubernetes-list-type: map
  x-kubernetes-list-map-keys: [port, protocol]
  items:
    type: object
    properties: {port: {type: integer}, protocol: {type: string, default: TCP}, name: {type: string}}
""")


def of(text: str) -> Any:
    return yaml.safe_load(text)


def test_a_key_that_is_left_out_counts_as_its_default() -> None:
    story = Story(PORTS)
    story.apply("one", "ports: [{port: 80}, {port: 80, protocol: UDP}]")
    assert story.owned()["one"] == [
        '.ports[port=80,protocol="TCP"]', '.ports[port=80,protocol="TCP"].port',
        '.ports[port=80,protocol="UDP"]', '.ports[port=80,protocol="UDP"].port',
        '.ports[port=80,protocol="UDP"].protocol',
    ]  # fmt: skip


def test_a_defaulted_key_and_a_written_one_are_the_same_item() -> None:
    story = Story(PORTS)
    story.apply("one", "ports: [{port: 80, protocol: TCP, name: foo}]")
    assert story.apply("two", "ports: [{port: 80, name: bar}]") == ['one: .ports[port=80,protocol="TCP"].name']


@pytest.mark.parametrize(
    ("config", "faults"),
    [
        ("ports: [{port: 80}, {port: 80}]", ['.ports: duplicate entries for key [port=80,protocol="TCP"]']),
        ("ports: [{port: 80}, {port: 80, protocol: TCP}]",
         ['.ports: duplicate entries for key [port=80,protocol="TCP"]']),
        ("ports: [null]", [".ports: element 0: associative list with keys may not have a null element"]),
        ("ports: [80]", [".ports: element 0: associative list with keys may not have non-map elements"]),
        ("ports: [{port: 80, host: 1}]",
         ['.ports[port=80,protocol="TCP"].host: field not declared in schema']),
        ("nothing: 1", [".nothing: field not declared in schema"]),
    ],
)  # fmt: skip
def test_a_configuration_that_does_not_fit_its_type_is_said_to(config: str, faults: list[str]) -> None:
    assert structured_merge.faults_of(of(config), PORTS) == faults


def test_an_item_without_any_key_is_a_fault() -> None:
    faults = structured_merge.faults_of(of("list: [{value1: 1}]"), DUPLICATES)
    assert faults == [
        '.list: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t '
        "have default values for any key fields)"
    ]


@pytest.mark.parametrize(
    ("before", "after", "one", "two"),
    [
        ("set: [1, 3, 4]", "set: [1, 1, 3, 4]", [".set", ".set[=3]", ".set[=4]"], [".set[=1]"]),
        ("set: [1, 1, 3, 4]", "set: [1, 3, 4]", [".set", ".set[=3]", ".set[=4]"], [".set[=1]"]),
        (
            "list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 3}]",
            "list: [{name: a, value1: 1}, {name: a, value1: 3}, {name: b, value1: 3}]",
            [".list", '.list[name="b"]', '.list[name="b"].name', '.list[name="b"].value1'],
            ['.list[name="a"]'],
        ),
        (
            "list: [{name: a, value1: 1}, {name: b, value1: 3}]",
            "list: [{name: a, value1: 1}, {name: a, value2: 3}, {name: b, value1: 3}]",
            [".list", '.list[name="b"]', '.list[name="b"].name', '.list[name="b"].value1'],
            ['.list[name="a"]'],
        ),
        (
            "list: [{name: a, value1: 1}, {name: a, value1: 2}]",
            "list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 3}]",
            [".list", '.list[name="a"]'],
            ['.list[name="b"]', '.list[name="b"].name', '.list[name="b"].value1'],
        ),
    ],
)
def test_items_whose_key_occurs_twice_have_one_owner_together(
    before: str, after: str, one: list[str], two: list[str]
) -> None:
    story = Story(DUPLICATES)
    story.update("one", before)
    story.update("two", after)
    assert story.owned() == {"one": one, "two": two}


@pytest.mark.parametrize(
    ("live", "config", "conflict", "end"),
    [
        ("set: [1, 1, 3, 4]", "set: [1]", ".set[=1]", "set: [1, 3, 4]"),
        (
            "list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 3}]",
            "list: [{name: a, value1: 3}]",
            '.list[name="a"]',
            "list: [{name: a, value1: 3}, {name: b, value1: 3}]",
        ),
        (
            "list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 3}]",
            "list: [{name: a, value1: 2}]",
            '.list[name="a"]',
            "list: [{name: a, value1: 2}, {name: b, value1: 3}]",
        ),
    ],
)
def test_an_applier_replaces_doubled_items_by_force(live: str, config: str, conflict: str, end: str) -> None:
    story = Story(DUPLICATES)
    story.update("updater", live)
    assert story.apply("applier", config) == [f"updater: {conflict}"]
    story.apply("applier", config, force=True)
    assert story.obj == of(end)


@pytest.mark.parametrize(
    ("live", "config", "end"),
    [
        ("set: [1, 1, 3, 4]", "set: [5]", "set: [1, 1, 3, 4, 5]"),
        (
            "list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 3}]",
            "list: [{name: b, value1: 4}]",
            "list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 4}]",
        ),
    ],
)
def test_doubled_items_that_an_applier_does_not_name_stay(live: str, config: str, end: str) -> None:
    story = Story(DUPLICATES)
    story.update("updater", live)
    story.apply("applier", config, force=True)
    assert story.obj == of(end)


def test_doubling_an_applied_item_keeps_it_when_its_applier_lets_go() -> None:
    story = Story(DUPLICATES)
    story.apply("applier", "list: [{name: a, value1: 1}, {name: b, value1: 3}]")
    story.update("updater", "list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 3}]")
    story.apply("applier", "list: [{name: b, value1: 3}]")
    assert story.obj == of("list: [{name: a, value1: 1}, {name: a, value1: 2}, {name: b, value1: 3}]")
    assert story.owned()["updater"] == ['.list[name="a"]']
