"""Server-side apply through an API server: what is stored, what is refused, and in which words."""

import pytest

from reference_impl.errors import ApiError, BadRequest, Conflict, Invalid, NotFound
from tests.reference_impl.apiserver.applying import apply, claim, deployed

DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "front"}}


# ---------------------------------------------------------------------------------------------------------- creation


def test_applying_what_is_not_there_creates_it_with_defaults(cluster, make):
    created = deployed(cluster, make)
    assert created == cluster.get("Deployment", "front")
    assert created["metadata"]["uid"]
    assert created["metadata"]["generation"] == 1
    assert created["spec"]["revisionHistoryLimit"] == 10


def test_the_example_of_the_documentation_is_managed_as_it_says(cluster):
    body = {"metadata": {"labels": {"test-label": "test"}}, "data": {"key": "some value"}}
    created = apply(cluster, "ConfigMap", "test-cm", body, "kubectl")
    assert created["metadata"]["managedFields"] == [
        {
            "manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "time": "2024-05-01T12:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:key": {}}, "f:metadata": {"f:labels": {"f:test-label": {}}}},
        }
    ]  # fmt: skip


def test_an_applier_owns_what_it_names_and_not_the_defaults(cluster, make):
    owned = claim(deployed(cluster, make), "me")["fieldsV1"]["f:spec"]
    assert owned == {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {"f:containers": {'k:{"name":"c"}': {".": {}, "f:image": {}, "f:name": {}}}},
        },
    }


def test_status_is_not_owned_through_the_main_endpoint(cluster, make):
    cluster.create(make.crd())
    applied = apply(cluster, "Website", "front", {"spec": {"replicas": 1}, "status": {"replicas": 7}})
    assert "status" not in applied
    assert claim(applied, "me")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


def test_a_uid_keeps_an_object_from_being_created(cluster):
    with pytest.raises(Conflict, match="uid mismatch: the provided object specified uid u1, and no existing object"):
        apply(cluster, "ConfigMap", "a", {"metadata": {"uid": "u1"}})
    assert not cluster.exists("ConfigMap", "a")


def test_a_resource_version_does_not_keep_an_object_from_being_created(cluster):
    assert apply(cluster, "ConfigMap", "a", {"metadata": {"resourceVersion": "77"}})["metadata"]["uid"]


def test_a_namespace_that_is_not_there_is_not_found(cluster):
    with pytest.raises(NotFound, match='namespaces "nowhere" not found'):
        apply(cluster, "ConfigMap", "a", {"data": {}}, namespace="nowhere")


# --------------------------------------------------------------------------------------------------------- conflicts


def test_one_conflict_is_refused_in_kubernetes_words(cluster, make):
    deployed(cluster, make, manager="other")
    cluster.patch("Deployment", "front", {"spec": {"replicas": 3}}, field_manager="x")
    with pytest.raises(Conflict) as refused:
        deployed(cluster, make, replicas=5)
    assert refused.value.message == 'Apply failed with 1 conflict: conflict with "x" using apps/v1: .spec.replicas'
    assert refused.value.to_status()["details"] == {
        "causes": [
            {"reason": "FieldManagerConflict", "message": 'conflict with "x" using apps/v1', "field": ".spec.replicas"}
        ]
    }
    assert cluster.get("Deployment", "front")["spec"]["replicas"] == 3


def test_several_conflicts_are_listed_by_manager(cluster, make):
    deployed(cluster, make, manager="b")
    body = make.deployment(replicas=2)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    cluster.patch("Deployment", "front", {"spec": {"paused": True}}, field_manager="a")
    body["spec"]["paused"] = False
    with pytest.raises(Conflict) as refused:
        apply(cluster, "Deployment", "front", body)
    assert refused.value.message == (
        'Apply failed with 3 conflicts: conflicts with "a" using apps/v1:\n- .spec.paused\n'
        'conflicts with "b":\n- .spec.replicas\n- .spec.template.spec.containers[name="c"].image'
    )


def test_a_conflict_with_a_status_writer_names_the_subresource(cluster, make):
    cluster.create(make.crd())
    apply(cluster, "Website", "front", {"spec": {"replicas": 1}})
    cluster.patch("Website", "front", {"status": {"phase": "a"}}, subresource="status", field_manager="writer")
    with pytest.raises(Conflict, match=r'"writer" with subresource "status" using example\.com/v1: \.status\.phase'):
        apply(cluster, "Website", "front", {"status": {"phase": "b"}}, subresource="status")


def test_force_takes_the_field_over(cluster, make):
    deployed(cluster, make, replicas=1, manager="other")
    forced = deployed(cluster, make, replicas=2, force=True)
    assert forced["spec"]["replicas"] == 2
    assert "f:replicas" not in claim(forced, "other")["fieldsV1"]["f:spec"]
    assert "f:replicas" in claim(forced, "me")["fieldsV1"]["f:spec"]


def test_the_same_value_is_shared_and_then_conflicts_with_both(cluster, make):
    deployed(cluster, make, replicas=2, manager="one")
    deployed(cluster, make, replicas=2, manager="two")
    with pytest.raises(Conflict) as refused:
        deployed(cluster, make, replicas=3, manager="three")
    assert [cause["message"] for cause in refused.value.details["causes"]] == [
        'conflict with "one"', 'conflict with "two"',
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------- what goes and stays


def test_a_field_that_is_applied_no_more_is_removed(cluster):
    apply(cluster, "ConfigMap", "a", {"data": {"x": "1", "y": "2"}})
    assert apply(cluster, "ConfigMap", "a", {"data": {"x": "1"}})["data"] == {"x": "1"}


def test_a_field_that_is_applied_no_more_comes_back_as_its_default(cluster, make):
    deployed(cluster, make, replicas=5)
    body = make.deployment()
    del body["spec"]["replicas"]
    applied = apply(cluster, "Deployment", "front", body)
    assert applied["spec"]["replicas"] == 1
    assert applied["metadata"]["generation"] == 2


def test_giving_a_field_up_leaves_it_to_its_other_owners(cluster, make):
    deployed(cluster, make, replicas=2)
    deployed(cluster, make, replicas=2, manager="autoscaler")
    body = make.deployment()
    del body["spec"]["replicas"]
    applied = apply(cluster, "Deployment", "front", body)
    assert applied["spec"]["replicas"] == 2
    assert "f:replicas" not in claim(applied, "me")["fieldsV1"]["f:spec"]


def test_handing_replicas_to_an_autoscaler_works_as_documented(cluster, make):
    deployed(cluster, make, replicas=2)
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": 2}}
    apply(cluster, "Deployment", "front", scale, "handover", subresource="scale")
    body = make.deployment()
    del body["spec"]["replicas"]
    assert apply(cluster, "Deployment", "front", body)["spec"]["replicas"] == 2
    scaled = cluster.patch("Deployment", "front", {"spec": {"replicas": 9}}, subresource="scale", field_manager="hpa")
    assert scaled["spec"]["replicas"] == 9
    stored = cluster.get("Deployment", "front")
    assert claim(stored, "hpa")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert claim(stored, "hpa")["subresource"] == "scale"
    assert [entry["manager"] for entry in stored["metadata"]["managedFields"]] == ["me", "hpa"]


def test_two_appliers_share_a_list_by_its_keys(cluster, make):
    deployed(cluster, make)
    sidecar = {"name": "sidecar", "image": "proxy"}
    body = {**DEPLOYMENT, "spec": {"template": {"spec": {"containers": [sidecar]}}}}
    apply(cluster, "Deployment", "front", body, "injector")
    again = deployed(cluster, make)
    containers = again["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in containers] == ["c", "sidecar"]
    body["spec"]["template"]["spec"]["containers"] = []
    left = apply(cluster, "Deployment", "front", body, "injector")
    assert [each["name"] for each in left["spec"]["template"]["spec"]["containers"]] == ["c"]


def test_finalizers_are_a_set_and_owners_are_told_apart_by_uid(cluster):
    owners = [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": f"u-{name}"} for name in "ab"]
    apply(cluster, "ConfigMap", "a", {"metadata": {"finalizers": ["e.com/x"], "ownerReferences": owners[:1]}}, "one")
    body = {"metadata": {"finalizers": ["e.com/y"], "ownerReferences": owners[1:]}}
    both = apply(cluster, "ConfigMap", "a", body, "two")["metadata"]
    assert both["finalizers"] == ["e.com/x", "e.com/y"]
    assert [each["uid"] for each in both["ownerReferences"]] == ["u-a", "u-b"]
    left = apply(cluster, "ConfigMap", "a", {}, "one")["metadata"]
    assert (left["finalizers"], [each["uid"] for each in left["ownerReferences"]]) == (["e.com/y"], ["u-b"])


def test_custom_lists_merge_as_their_definition_says(cluster, make):
    crd = make.crd()
    ports = {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
        "items": {"type": "object", "required": ["port"],
                  "properties": {"port": {"type": "integer"}, "name": {"type": "string"}}},
    }  # fmt: skip
    whole = {"type": "array", "items": {"type": "string"}}
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = {
        "type": "object", "properties": {"ports": ports, "whole": whole},
    }  # fmt: skip
    cluster.create(crd)
    apply(cluster, "Website", "front", {"spec": {"ports": [{"port": 80, "name": "a"}], "whole": ["x"]}}, "one")
    both = apply(cluster, "Website", "front", {"spec": {"ports": [{"port": 81}]}}, "two")
    assert [each["port"] for each in both["spec"]["ports"]] == [80, 81]
    with pytest.raises(Conflict, match=r"conflict with \"one\": .spec.whole"):
        apply(cluster, "Website", "front", {"spec": {"whole": ["x", "y"]}}, "two")


# ----------------------------------------------------------------------------------------------------------- refusals


def test_an_apply_needs_a_field_manager(cluster):
    with pytest.raises(Invalid) as refused:
        apply(cluster, "ConfigMap", "a", {"data": {}}, None)
    assert refused.value.message == (
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"force": True}, "force: Forbidden: may not be specified for non-apply patch"),
        ({"field_manager": "x" * 129}, "fieldManager: Too long: may not be more than 128 bytes"),
        ({"field_manager": "a\nb"}, "should only contain printable characters"),
    ],
)
def test_force_and_managers_are_judged_for_other_patches_too(cluster, make, options, message):
    cluster.create(make.config_map())
    with pytest.raises(Invalid, match=message):
        cluster.patch("ConfigMap", "a", {"data": {}}, **options)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "error decoding YAML"),
        ({"apiVersion": "v1", "kind": "Secret"}, "invalid object type: /v1, Kind=Secret"),
        ({"apiVersion": "", "kind": ""}, "invalid object type: /, Kind="),
        ({"metadata": {"managedFields": []}}, "metadata.managedFields must be nil"),
        ({"metadata": {"name": "b"}}, r"the name of the object \(b\) does not match the name on the URL \(a\)"),
        ({"metadata": {"namespace": "b"}}, "the namespace of the provided object does not match"),
    ],
)
def test_a_body_that_is_no_configuration_of_this_object_is_a_bad_request(cluster, body, message):
    with pytest.raises(BadRequest, match=message):
        apply(cluster, "ConfigMap", "a", body)


def test_a_configuration_that_does_not_fit_the_schema_is_a_500_as_in_kubernetes(cluster, make):
    doubled = make.deployment()
    doubled["spec"]["template"]["spec"]["containers"] *= 2
    with pytest.raises(ApiError) as refused:
        apply(cluster, "Deployment", "front", doubled)
    assert (refused.value.status, refused.value.message) == (
        500,
        "failed to create typed patch object (default/front; apps/v1, Kind=Deployment): "
        '.spec.template.spec.containers: duplicate entries for key [name="c"]',
    )


def test_an_undeclared_field_of_a_custom_resource_is_a_500(cluster, make):
    cluster.create(make.crd())
    with pytest.raises(ApiError, match=r"Kind=Website\): .sepc: field not declared in schema"):
        apply(cluster, "Website", "front", {"sepc": {}})


def test_an_applied_object_that_is_invalid_is_refused(cluster, make):
    with pytest.raises(Invalid, match=r"spec\.selector"):
        apply(cluster, "Deployment", "front", {"spec": {"replicas": 1}})
