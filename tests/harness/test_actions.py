from typing import Any

import pytest

from harness.actions import describe, validate_action, validate_workload
from harness.errors import UsageError
from harness.manifests import kinds_served
from tests.harness.samples import CRD, SETTINGS, SITE

KINDS = kinds_served([CRD])


def test_what_was_left_out_is_filled_in() -> None:
    assert validate_action({"do": "scale", "kind": "Website", "name": "front", "replicas": 3}, KINDS) == {
        "do": "scale", "api_version": "example.com/v1", "kind": "Website", "name": "front", "namespace": "default",
        "replicas": 3,
    }  # fmt: skip
    owned = validate_action({"do": "delete_owned", "owner": {"kind": "Website", "name": "front"}, "kind": "Pod"}, KINDS)
    assert owned["owner"]["api_version"] == "example.com/v1"
    assert (owned["api_version"], owned["namespace"], owned["index"]) == ("v1", "default", 0)


def test_cluster_scoped_kinds_have_no_namespace() -> None:
    assert validate_action({"do": "delete", "kind": "Node", "name": "node-0"}, KINDS)["namespace"] is None


def test_spacing_is_kept() -> None:
    done = validate_action({"do": "sleep", "seconds": 1, "in_flight": 3, "settle": True}, KINDS)
    assert done == {"do": "sleep", "seconds": 1, "in_flight": 3, "settle": True}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("create", "is not an object"),
        ({"do": "creat"}, "did you mean 'create'"),
        ({"do": "create"}, "has no 'object'"),
        ({"do": "create", "object": {"kind": "Pod"}}, "whole Kubernetes object"),
        ({"do": "patch", "kind": "Website", "name": "x", "body": 3}, "body=3 must be an object"),
        ({"do": "patch", "kind": "Websit", "name": "x", "body": {}}, "did you mean 'Website'"),
        ({"do": "scale", "kind": "ConfigMap", "name": "x", "replicas": 1}, "has no scale subresource"),
        ({"do": "scale", "kind": "Website", "name": "x", "replicas": -1}, "replicas=-1 cannot work"),
        ({"do": "delete", "kind": "Website", "name": "x", "force": True}, "'force' is not a field"),
        ({"do": "delete", "kind": "Website", "name": "x", "propagation": "Fast"}, "use Foreground"),
        ({"do": "delete", "kind": "Website", "name": 7}, "names no object"),
        ({"do": "wait", "kind": "Website", "name": "x", "until": "happy"}, "cannot be waited for"),
        ({"do": "sleep", "seconds": -1}, "virtual seconds"),
    ],
)
def test_an_action_that_cannot_work_is_named_by_its_index(action: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        validate_workload([action], KINDS)
    assert str(caught.value).startswith("workload[0]")


TARGET = {"api_version": "example.com/v1", "kind": "Website", "name": "front", "namespace": "default"}


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ({"do": "create", "object": SITE}, "user creates Website default/front"),
        ({"do": "apply", "object": SETTINGS}, "user applies ConfigMap default/settings"),
        ({"do": "scale", **TARGET, "replicas": 3}, "user scales Website default/front to 3"),
        (
            {"do": "patch", **TARGET, "body": {"spec": {"size": 3, "title": None}}},
            "user edits Website default/front: spec.size = 3, spec.title removed",
        ),
        ({"do": "label", **TARGET, "labels": {"a": "b"}}, "user labels Website default/front a=b"),
        ({"do": "delete", **TARGET}, "user deletes Website default/front"),
        ({"do": "delete_owned", "owner": TARGET, "kind": "Pod"}, "user deletes Pod 0 of Website default/front"),
        ({"do": "delete_namespace", "name": "shop"}, "user deletes namespace shop and all that is in it"),
        ({"do": "wait", **TARGET, "until": "deleted"}, "user waits until Website default/front is gone"),
        ({"do": "sleep", "seconds": 5}, "user waits 5 s"),
    ],
)
def test_each_action_reads_as_a_sentence(action: dict[str, Any], sentence: str) -> None:
    assert describe(action) == sentence
