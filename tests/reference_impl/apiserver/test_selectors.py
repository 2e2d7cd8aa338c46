"""Selectors: the grammar of label and field selectors, and what they select."""

from typing import Any

import pytest

from reference_impl.apiserver.selectors import everything, match_expressions, parse_fields, parse_labels
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo

POD = KindInfo(group="", version="v1", kind="Pod", plural="pods", namespaced=True)
LEASE = KindInfo(group="coordination.k8s.io", version="v1", kind="Lease", plural="leases", namespaced=True)


def _labelled(**labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "a", "labels": labels}}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app!=web", False),
        ("other!=web", True),
        ("app", True),
        ("!app", False),
        ("!other", True),
        ("app in (web,db)", True),
        ("app in (db)", False),
        ("app notin (db)", True),
        ("other notin (web)", True),
        ("app in ()", False),
        ("empty=", True),
        ("empty in (a,,b)", True),
        ("size>3", True),
        ("size<5", False),
        ("app>1", False),
        ("app=web,size=5", True),
        ("app=web,size=6", False),
        ("app in (in, web)", True),
    ],
)
def test_a_label_selector_selects_what_kubernetes_selects(text: str, selected: bool) -> None:
    assert parse_labels(text)(_labelled(app="web", size="5", empty="")) is selected


@pytest.mark.parametrize(
    "text",
    [
        "app=web,",
        ",",
        "=web",
        "app in web",
        "app in (a",
        "app=a b",
        "!app=b",
        "a b",
        "app>x",
        "a@b=c",
        "-app=b",
        "app=-",
        "/app=b",
        "app=!",
    ],
)
def test_bad_label_syntax_is_a_bad_request(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_labels(text)


def test_no_selector_is_the_one_function_that_callers_can_skip() -> None:
    assert parse_labels(None) is everything
    assert parse_labels("") is everything
    assert parse_fields(POD, None) is everything


def test_an_object_without_labels_is_selected_by_absence_only() -> None:
    bare: dict[str, Any] = {"metadata": {"name": "a"}}
    assert parse_labels("!app")(bare)
    assert parse_labels("app!=web")(bare)
    assert not parse_labels("app")(bare)


def test_an_empty_label_selector_object_selects_all_and_none_selects_nothing() -> None:
    assert match_expressions({})({"a": "b"})
    assert not match_expressions(None)({"a": "b"})


def test_expressions_and_labels_of_a_selector_object_are_all_required() -> None:
    selects = match_expressions(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["front", "back"]},
                {"key": "zone", "operator": "NotIn", "values": ["x"]},
                {"key": "app", "operator": "Exists"},
                {"key": "gone", "operator": "DoesNotExist"},
            ],
        }
    )
    assert selects({"app": "web", "tier": "front"})
    assert not selects({"app": "web", "tier": "front", "zone": "x"})
    assert not selects({"app": "web"})
    assert not selects({"app": "web", "tier": "back", "gone": ""})


@pytest.mark.parametrize(
    "expression",
    [
        {"key": "a", "operator": "In"},
        {"key": "a", "operator": "Exists", "values": ["b"]},
        {"key": "a", "operator": "Matches", "values": ["b"]},
    ],
)
def test_a_malformed_expression_is_a_bad_request(expression: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        match_expressions({"matchExpressions": [expression]})


def test_field_selectors_compare_text() -> None:
    pod = {"metadata": {"name": "a", "namespace": "b"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}
    assert parse_fields(POD, "metadata.name=a,spec.nodeName==n1,status.phase!=Failed")(pod)
    assert not parse_fields(POD, "metadata.namespace!=b")(pod)
    assert parse_fields(POD, "spec.nodeName=")({"metadata": {"name": "a"}})
    assert parse_fields(POD, "spec.hostNetwork=false")({"metadata": {"name": "a"}, "spec": {}})


def test_a_field_that_the_kind_does_not_declare_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"field label not supported: spec\.image"):
        parse_fields(POD, "spec.image=a")
    with pytest.raises(BadRequest, match=r'"spec\.holder" is not a known field selector: only "metadata\.name"'):
        parse_fields(LEASE, "spec.holder=a")


def test_bad_field_syntax_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="invalid selector"):
        parse_fields(POD, "metadata.name")


def test_selectable_fields_of_a_custom_resource_are_known() -> None:
    info = KindInfo(group="e.com", version="v1", kind="Shirt", plural="shirts", namespaced=True,
                    extra={"selectableFields": ("spec.color",)})  # fmt: skip
    assert parse_fields(info, "spec.color=blue")({"metadata": {"name": "a"}, "spec": {"color": "blue"}})
