"""Patches: what each type makes of an object, what it is refused with, and that nothing is mutated."""

from typing import Any

import pytest

from reference_impl.apiserver.patches import apply_patch, merge
from reference_impl.errors import BadRequest, Invalid, UnsupportedMediaType
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json

CONFIG = KindInfo(group="", version="v1", kind="ConfigMap", plural="configmaps", namespaced=True)
CUSTOM = KindInfo(group="e.com", version="v1", kind="Site", plural="sites", namespaced=True, crd="sites.e.com")


def _config(**data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "finalizers": ["x/y"]}, "data": data}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_follows_rfc_7396_appendix_a(target: Any, patch: Any, result: Any) -> None:
    before = copy_json(target)
    assert merge(target, patch) == result
    assert target == before


def test_a_merge_patch_replaces_lists_whole() -> None:
    patched = apply_patch(CONFIG, _config(), {"metadata": {"finalizers": ["z/w"]}}, "merge")
    assert patched["metadata"]["finalizers"] == ["z/w"]


def test_a_json_patch_applies_in_order() -> None:
    patched = apply_patch(
        CONFIG,
        _config(a="1"),
        [
            {"op": "test", "path": "/data/a", "value": "1"},
            {"op": "add", "path": "/metadata/finalizers/-", "value": "n/m"},
            {"op": "replace", "path": "/data/a", "value": "2"},
            {"op": "add", "path": "/metadata/labels", "value": {}},
            {"op": "add", "path": "/metadata/labels/k~1l", "value": "v"},
        ],
        "json",
    )
    assert patched["metadata"]["finalizers"] == ["x/y", "n/m"]
    assert patched["metadata"]["labels"] == {"k/l": "v"}
    assert patched["data"] == {"a": "2"}


NOT_APPLICABLE = object()


@pytest.mark.parametrize(
    ("target", "operations", "result"),
    [
        ({"foo": "bar"}, [("add", "/baz", "qux")], {"foo": "bar", "baz": "qux"}),  # A.1
        ({"foo": ["bar", "baz"]}, [("add", "/foo/1", "qux")], {"foo": ["bar", "qux", "baz"]}),  # A.2
        ({"baz": "qux", "foo": "bar"}, [("remove", "/baz")], {"foo": "bar"}),  # A.3
        ({"foo": ["bar", "qux", "baz"]}, [("remove", "/foo/1")], {"foo": ["bar", "baz"]}),  # A.4
        ({"baz": "qux", "foo": "bar"}, [("replace", "/baz", "boo")], {"baz": "boo", "foo": "bar"}),  # A.5
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [("move", "/qux/thud", "/foo/waldo")],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),  # A.6
        ({"foo": ["all", "grass", "cows", "eat"]}, [("move", "/foo/3", "/foo/1")],
         {"foo": ["all", "cows", "eat", "grass"]}),  # A.7
        ({"baz": "qux", "foo": ["a", 2, "c"]}, [("test", "/baz", "qux"), ("test", "/foo/1", 2)],
         {"baz": "qux", "foo": ["a", 2, "c"]}),  # A.8
        ({"baz": "qux"}, [("test", "/baz", "bar")], NOT_APPLICABLE),  # A.9
        ({"foo": "bar"}, [("add", "/child", {"grandchild": {}})], {"foo": "bar", "child": {"grandchild": {}}}),  # A.10
        ({"foo": "bar"}, [("add", "/baz/bat", "qux")], NOT_APPLICABLE),  # A.12
        ({"/": 9, "~1": 10}, [("test", "/~01", 10)], {"/": 9, "~1": 10}),  # A.14
        ({"/": 9, "~1": 10}, [("test", "/~01", "10")], NOT_APPLICABLE),  # A.15
        ({"foo": ["bar"]}, [("add", "/foo/-", ["abc", "def"])], {"foo": ["bar", ["abc", "def"]]}),  # A.16
    ],
)  # fmt: skip
def test_json_patch_follows_rfc_6902_appendix_a(target: Any, operations: list[tuple[Any, ...]], result: Any) -> None:
    """A.11 (members that nobody knows are ignored) in each of them; A.13 is no JSON value that could be sent."""
    body = [
        {"op": op, "path": f"/spec{path}", "xyz": 123} | ({"from": f"/spec{rest[0]}"} if op == "move" else {})
        | ({"value": rest[0]} if rest and op != "move" else {})
        for op, path, *rest in operations
    ]  # fmt: skip
    site = {"apiVersion": "e.com/v1", "kind": "Site", "metadata": {"name": "a"}, "spec": target}
    if result is NOT_APPLICABLE:
        with pytest.raises(Invalid):
            apply_patch(CUSTOM, site, body, "json")
    else:
        assert apply_patch(CUSTOM, site, body, "json")["spec"] == result


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "remove", "path": "/data/b"},
        {"op": "replace", "path": "/data/b", "value": "2"},
        {"op": "add", "path": "/metadata/labels/a", "value": "b"},
        {"op": "add", "path": "/metadata/finalizers/7", "value": "b"},
        {"op": "frobnicate", "path": "/data"},
    ],
)
def test_a_json_patch_that_does_not_apply_is_unprocessable(operation: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="the server rejected our request due to an error in our request"):
        apply_patch(CONFIG, _config(a="1"), [operation], "json")


def test_patches_mutate_neither_the_object_nor_the_patch() -> None:
    current, body = _config(a="1"), [
        {"op": "add", "path": "/metadata/labels", "value": {}},
        {"op": "add", "path": "/metadata/labels/a", "value": "b"},
    ]  # fmt: skip
    before, sent = copy_json(current), copy_json(body)
    apply_patch(CONFIG, current, body, "json")
    apply_patch(CONFIG, current, {"data": {"a": None, "c": {"d": "e"}}}, "merge")
    apply_patch(CONFIG, current, {"metadata": {"finalizers": ["n/m"]}, "data": {"a": None}}, "strategic")
    assert (current, body) == (before, sent)


@pytest.mark.parametrize(("body", "patch_type"), [([], "merge"), ({}, "json"), ([3], "json"), ("x", "strategic")])
def test_a_body_that_is_no_patch_is_a_bad_request(body: Any, patch_type: str) -> None:
    with pytest.raises(BadRequest):
        apply_patch(CONFIG, _config(), body, patch_type)


def test_a_patch_that_leaves_no_object_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="a list"):
        apply_patch(CONFIG, _config(), [{"op": "replace", "path": "", "value": []}], "json")


def test_custom_resources_have_no_strategic_merge() -> None:
    with pytest.raises(UnsupportedMediaType, match="accepted media types include: application/json-patch"):
        apply_patch(CUSTOM, _config(), {}, "strategic")
