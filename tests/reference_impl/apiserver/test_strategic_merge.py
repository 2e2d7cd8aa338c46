"""Strategic merge: which lists merge, by what key, in what order, and what the directives do."""

from typing import Any

import pytest

from reference_impl.apiserver.strategic_merge import merge
from reference_impl.errors import ApiError, BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json

POD = KindInfo(group="", version="v1", kind="Pod", plural="pods", namespaced=True)
DEPLOYMENT = KindInfo(group="apps", version="v1", kind="Deployment", plural="deployments", namespaced=True)
BUDGET = KindInfo(group="policy", version="v1", kind="PodDisruptionBudget", plural="x", namespaced=True)


def _pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": {"containers": list(containers), **spec}}


def _c(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def _names(pod: dict[str, Any]) -> list[str]:
    return [container["name"] for container in pod["spec"]["containers"]]


def test_containers_merge_by_name() -> None:
    pod = merge(POD, _pod(_c("a", image="x", tty=True), _c("b")), {"spec": {"containers": [_c("a", image="y")]}})
    assert pod["spec"]["containers"] == [_c("a", image="y", tty=True), _c("b")]


def test_a_new_item_goes_before_those_that_the_patch_does_not_name() -> None:
    assert _names(merge(POD, _pod(_c("a")), {"spec": {"containers": [_c("b")]}})) == ["b", "a"]


def test_an_item_that_is_named_keeps_its_place_among_the_others() -> None:
    assert _names(merge(POD, _pod(_c("a"), _c("b"), _c("c")), {"spec": {"containers": [_c("b", tty=True)]}})) == [
        "a", "b", "c"
    ]  # fmt: skip


def test_set_element_order_orders_a_merged_list() -> None:
    patch = {"spec": {"$setElementOrder/containers": [_c("a"), _c("b")], "containers": [_c("b", image="x")]}}
    assert _names(merge(POD, _pod(_c("a")), patch)) == ["a", "b"]


def test_set_element_order_alone_reorders() -> None:
    patch = {"spec": {"$setElementOrder/containers": [_c("b"), _c("a")]}}
    assert _names(merge(POD, _pod(_c("a"), _c("b")), patch)) == ["b", "a"]


def test_an_order_that_leaves_out_a_patched_item_is_refused() -> None:
    with pytest.raises(ApiError, match="doesn't match"):
        merge(POD, _pod(_c("a")), {"spec": {"$setElementOrder/containers": [_c("a")], "containers": [_c("b")]}})


def test_patch_delete_removes_an_item() -> None:
    patch = {"spec": {"containers": [{"$patch": "delete", "name": "a"}]}}
    assert _names(merge(POD, _pod(_c("a"), _c("b")), patch)) == ["b"]


def test_patch_replace_replaces_a_list_or_an_object() -> None:
    patch = {"spec": {"containers": [{"$patch": "replace"}, _c("z")]}}
    assert _names(merge(POD, _pod(_c("a"), _c("b")), patch)) == ["z"]
    patched = merge(POD, _pod(_c("a"), nodeName="n"), {"spec": {"$patch": "replace", "containers": [_c("q")]}})
    assert patched["spec"] == {"containers": [_c("q")]}


def test_finalizers_merge_as_a_set_and_owners_by_uid() -> None:
    old = {"metadata": {"finalizers": ["a/b"], "ownerReferences": [{"uid": "1", "name": "x"}]}}
    patch = {"metadata": {"finalizers": ["c/d", "a/b"], "ownerReferences": [{"uid": "1", "name": "y"}]}}
    metadata = merge(POD, old, patch)["metadata"]
    assert sorted(metadata["finalizers"]) == ["a/b", "c/d"]
    assert metadata["ownerReferences"] == [{"uid": "1", "name": "y"}]


def test_delete_from_primitive_list_removes_a_finalizer() -> None:
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/b"]}}
    assert merge(POD, {"metadata": {"finalizers": ["a/b", "c/d"]}}, patch)["metadata"]["finalizers"] == ["c/d"]
    assert merge(POD, {"metadata": {}}, patch) == {"metadata": {}}


def test_tolerations_are_replaced_whole() -> None:
    pod = merge(POD, _pod(tolerations=[{"key": "a"}]), {"spec": {"tolerations": [{"key": "b"}]}})
    assert pod["spec"]["tolerations"] == [{"key": "b"}]


def test_nested_lists_merge_by_their_own_keys() -> None:
    old = _pod(_c("a", env=[{"name": "X", "value": "1"}], ports=[{"containerPort": 80, "name": "web"}]))
    patch = {
        "spec": {"containers": [_c("a", env=[{"name": "Y", "value": "2"}], ports=[{"containerPort": 80, "name": "w"}])]}
    }
    container = merge(POD, old, patch)["spec"]["containers"][0]
    assert {variable["name"] for variable in container["env"]} == {"X", "Y"}
    assert container["ports"] == [{"containerPort": 80, "name": "w"}]


def test_the_pod_template_of_a_deployment_merges_like_a_pod() -> None:
    old = {"metadata": {}, "spec": {"template": {"spec": {"containers": [_c("a", image="x"), _c("b")]}}}}
    patched = merge(DEPLOYMENT, old, {"spec": {"template": {"spec": {"containers": [_c("a", image="y")]}}}})
    assert patched["spec"]["template"]["spec"]["containers"] == [_c("a", image="y"), _c("b")]


def test_conditions_merge_by_type() -> None:
    old = {"metadata": {}, "status": {"conditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "True"}]}}
    patched = merge(POD, old, {"status": {"conditions": [{"type": "B", "status": "False"}]}})
    assert patched["status"]["conditions"] == [{"type": "A", "status": "True"}, {"type": "B", "status": "False"}]


def test_the_selector_of_a_disruption_budget_is_replaced() -> None:
    old = {"metadata": {}, "spec": {"selector": {"matchLabels": {"a": "b"}}}}
    patched = merge(BUDGET, old, {"spec": {"selector": {"matchLabels": {"c": "d"}}}})
    assert patched["spec"]["selector"] == {"matchLabels": {"c": "d"}}


def test_retain_keys_drops_the_other_keys() -> None:
    old = {"metadata": {}, "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert merge(DEPLOYMENT, old, patch)["spec"]["strategy"] == {"type": "Recreate"}
    with pytest.raises(BadRequest, match="retainKeys"):
        merge(DEPLOYMENT, old, {"spec": {"strategy": {"$retainKeys": [], "type": "Recreate"}}})


def test_null_deletes_and_is_never_stored() -> None:
    patched = merge(POD, _pod(nodeName="n"), {"spec": {"nodeName": None, "securityContext": {"runAsUser": None}}})
    assert patched["spec"] == {"containers": [], "securityContext": {}}


def test_an_item_without_its_merge_key_is_an_internal_error_as_in_kubernetes() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: name") as caught:
        merge(POD, _pod(_c("a")), {"spec": {"containers": [{"image": "x"}]}})
    assert caught.value.status == 500


def test_the_original_is_not_mutated() -> None:
    old = _pod(_c("a", env=[{"name": "X"}]), _c("b"))
    before = copy_json(old)
    merge(POD, old, {"spec": {"containers": [{"$patch": "delete", "name": "b"}, _c("a", env=[{"name": "Y"}])]}})
    assert old == before
