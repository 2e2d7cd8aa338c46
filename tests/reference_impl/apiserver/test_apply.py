"""Server-side apply through an API server: what is stored, who owns it, what is refused and in which words."""

from functools import partial
from typing import Any

import pytest

from reference_impl.apiserver.last_applied import ANNOTATION
from reference_impl.errors import ApiError, BadRequest, Conflict, Invalid, NotFound

DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "front"}}


def apply(cluster: Any, kind: str, name: str, body: Any, manager: str | None = "me", **options: Any) -> Any:
    if isinstance(body, dict) and "kind" not in body:
        body = {"apiVersion": {"Deployment": "apps/v1", "Website": "example.com/v1"}.get(kind, "v1"), "kind": kind,
                **body}  # fmt: skip
    options.setdefault("patch_type", "apply")
    return cluster.patch(kind, name, body, field_manager=manager, **options)


def entries(obj: Any) -> list[tuple[Any, ...]]:
    """(manager, operation, fieldsV1) of each claim, in order."""
    return [(e["manager"], e["operation"], e["fieldsV1"]) for e in obj["metadata"].get("managedFields", [])]


def claim(obj: Any, manager: str) -> Any:
    found = [entry for entry in obj["metadata"]["managedFields"] if entry["manager"] == manager]
    assert len(found) == 1, found
    return found[0]


def deployed(cluster: Any, make: Any, replicas: int = 1, manager: str = "me", **options: Any) -> Any:
    return apply(cluster, "Deployment", "front", make.deployment(replicas=replicas), manager, **options)


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


# ----------------------------------------------------------------------------------------------- updates and patches


def test_an_update_takes_what_it_changes_and_is_its_managers_entry(cluster, make):
    deployed(cluster, make)
    cluster.advance(60)
    changed = cluster.get("Deployment", "front")
    cluster.update({**changed, "spec": {**changed["spec"], "replicas": 4}}, field_manager="scaler")
    stored = cluster.get("Deployment", "front")
    assert entries(stored)[-1] == ("scaler", "Update", {"f:spec": {"f:replicas": {}}})
    assert claim(stored, "scaler")["time"] == "2024-05-01T12:01:00Z"
    assert "f:replicas" not in claim(stored, "me")["fieldsV1"]["f:spec"]


def test_without_a_field_manager_the_sender_is_the_manager(cluster, make):
    deployed(cluster, make)
    patched = cluster.patch("Deployment", "front", {"spec": {"paused": True}}, user="website")
    assert claim(patched, "website")["fieldsV1"] == {"f:spec": {"f:paused": {}}}


def test_writes_of_one_updater_add_up_in_one_entry(cluster, make):
    deployed(cluster, make)
    cluster.patch("Deployment", "front", {"spec": {"paused": True}}, field_manager="u")
    patched = cluster.patch("Deployment", "front", {"metadata": {"labels": {"a": "b"}}}, field_manager="u")
    assert claim(patched, "u")["fieldsV1"] == {
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:spec": {"f:paused": {}},
    }  # fmt: skip


def test_writes_to_status_are_an_entry_of_their_own(cluster, make):
    cluster.create(make.crd())
    apply(cluster, "Website", "front", {"spec": {"replicas": 1}})
    cluster.patch("Website", "front", {"metadata": {"labels": {"a": "b"}}}, field_manager="u")
    body = {"status": {"phase": "Up"}, "metadata": {"labels": {"not": "stored"}}}
    stored = cluster.patch("Website", "front", body, subresource="status", field_manager="u")
    found = [entry for entry in stored["metadata"]["managedFields"] if entry["manager"] == "u"]
    assert [(entry.get("subresource"), list(entry["fieldsV1"])) for entry in found] == [
        (None, ["f:metadata"]), ("status", ["f:status"]),
    ]  # fmt: skip


def test_status_is_applied_through_its_endpoint(cluster, make):
    cluster.create(make.crd())
    with pytest.raises(NotFound):
        apply(cluster, "Website", "front", {"status": {"phase": "Up"}}, subresource="status")
    apply(cluster, "Website", "front", {"spec": {"replicas": 1}})
    body = {"status": {"phase": "Up"}, "spec": {"replicas": 9}}
    stored = apply(cluster, "Website", "front", body, "w", subresource="status")
    assert (stored["status"], stored["spec"]) == ({"phase": "Up"}, {"replicas": 1})
    assert claim(stored, "w")["fieldsV1"] == {"f:status": {"f:phase": {}}}
    assert claim(stored, "w")["subresource"] == "status"
    assert "status" not in apply(cluster, "Website", "front", {}, "w", subresource="status")


def test_an_updater_that_removes_a_field_takes_it_from_its_owner(cluster):
    apply(cluster, "ConfigMap", "a", {"data": {"x": "1", "y": "2"}})
    patched = cluster.patch("ConfigMap", "a", {"data": {"x": None}}, field_manager="u")
    assert entries(patched) == [("me", "Apply", {"f:data": {"f:y": {}}})]


def test_at_most_ten_updaters_are_remembered(cluster):
    apply(cluster, "ConfigMap", "a", {"data": {"k": "v"}})
    for number in range(12):
        cluster.advance(1)
        patched = cluster.patch("ConfigMap", "a", {"data": {f"u{number:02}": "x"}}, field_manager=f"u{number:02}")
    managers = [entry["manager"] for entry in patched["metadata"]["managedFields"]]
    assert managers == ["me", "ancient-changes", *(f"u{number:02}" for number in range(3, 12))]
    assert list(claim(patched, "ancient-changes")["fieldsV1"]["f:data"]) == ["f:u00", "f:u01", "f:u02"]


# --------------------------------------------------------------------------------------------------- what is tracked


def test_an_object_is_tracked_from_its_first_apply_on(cluster):
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"},
                    "data": {"k": "v"}})  # fmt: skip
    assert "managedFields" not in cluster.patch("ConfigMap", "a", {"data": {"x": "1"}})["metadata"]
    applied = apply(cluster, "ConfigMap", "a", {"metadata": {"labels": {"a": "b"}}})
    assert entries(applied) == [
        ("me", "Apply", {"f:metadata": {"f:labels": {"f:a": {}}}}),
        ("before-first-apply", "Update", {"f:data": {".": {}, "f:k": {}, "f:x": {}}}),
    ]
    with pytest.raises(Conflict, match=r'conflict with "before-first-apply" using v1: \.data\.k'):
        apply(cluster, "ConfigMap", "a", {"data": {"k": "w"}})


def test_a_server_can_be_told_to_track_from_creation_on(cluster, make):
    cluster.server._core.track_on_create = True
    created = cluster.create(make.deployment(), field_manager="kubectl-create")
    spec = claim(created, "kubectl-create")["fieldsV1"]["f:spec"]
    assert spec["f:strategy"] == {
        "f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {},
    }  # fmt: skip
    assert spec["f:progressDeadlineSeconds"] == {}
    assert "." not in spec
    assert "." not in spec["f:template"]
    assert "." in spec["f:template"]["f:spec"]["f:containers"]['k:{"name":"c"}']
    assert "f:status" not in claim(created, "kubectl-create")["fieldsV1"]


@pytest.mark.parametrize(
    "sent",
    [None, [{"manager": "x"}], [{"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV2"}], "nonsense"],
)
def test_managed_fields_that_a_client_leaves_out_or_garbles_stay(cluster, sent):
    before = apply(cluster, "ConfigMap", "a", {"data": {"k": "v"}})
    metadata = {**before["metadata"], "labels": {"n": "m"}, "managedFields": sent}
    updated = cluster.update({**before, "metadata": metadata}, field_manager="u")
    assert updated["metadata"]["managedFields"][0] == before["metadata"]["managedFields"][0]


def test_managed_fields_that_a_client_edits_are_believed(cluster):
    before = apply(cluster, "ConfigMap", "a", {"data": {"k": "v"}}, "old")
    renamed = [{**before["metadata"]["managedFields"][0], "manager": "new"}]
    updated = cluster.update({**before, "metadata": {**before["metadata"], "managedFields": renamed}})
    assert updated["metadata"]["managedFields"] == renamed
    assert apply(cluster, "ConfigMap", "a", {"data": {}}, "new").get("data", {}) == {}


@pytest.mark.parametrize("empty", [[], [{}]])
def test_an_empty_list_resets_managed_fields(cluster, empty):
    apply(cluster, "ConfigMap", "a", {"data": {"k": "v"}})
    reset = cluster.patch("ConfigMap", "a", {"metadata": {"managedFields": empty}})
    assert "managedFields" not in reset["metadata"]
    assert "managedFields" not in cluster.patch("ConfigMap", "a", {"data": {"k": "w"}})["metadata"]


def test_status_writes_cannot_touch_managed_fields(cluster, make):
    cluster.create(make.pod())
    apply(cluster, "Pod", "p", {"metadata": {"labels": {"a": "b"}}})
    body = {"metadata": {"managedFields": []}, "status": {"phase": "Running"}}
    patched = cluster.patch("Pod", "p", body, subresource="status", field_manager="kubelet")
    assert claim(patched, "me")["fieldsV1"] == {"f:metadata": {"f:labels": {"f:a": {}}}}
    assert claim(patched, "kubelet")["fieldsV1"] == {"f:status": {"f:phase": {}}}


def test_managed_fields_travel_with_reads_lists_and_watches(cluster):
    watched = cluster.watch("ConfigMap")
    applied = apply(cluster, "ConfigMap", "a", {"data": {"k": "v"}})
    listed = cluster.do("list", "ConfigMap")["items"][0]
    assert listed["metadata"]["managedFields"] == applied["metadata"]["managedFields"]
    assert watched.events[-1].object["metadata"]["managedFields"] == applied["metadata"]["managedFields"]


# ----------------------------------------------------------------------------------------------- no-ops and dry runs


def test_an_apply_that_changes_nothing_keeps_the_revision(cluster, make):
    first = deployed(cluster, make)
    cluster.advance(60)
    assert cluster.commits(lambda: deployed(cluster, make)) == []
    assert cluster.get("Deployment", "front") == first


def _sample(kind: str, api_version: str = "v1", **content: Any) -> Any:
    # Something is owned in each: an object that nobody owns anything of is not tracked yet at the second apply.
    namespace = {} if kind in ("Namespace", "Node", "CustomResourceDefinition") else {"namespace": "default"}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "s", "labels": {"l": "m"}, **namespace},
        **content,
    }


_TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i",
             "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]}]}}  # fmt: skip
_SAMPLES = (
    _sample("Namespace"),
    _sample("Node", spec={"taints": [{"key": "a", "effect": "NoSchedule"}], "podCIDRs": ["10.0.0.0/24"]}),
    _sample("Secret", data={"a": "Yg=="}, type="Opaque"),
    _sample("ServiceAccount", secrets=[{"name": "a"}]),
    _sample(
        "Service",
        spec={
            "selector": {"a": "b"},
            "ports": [{"port": 80, "name": "t"}, {"port": 80, "protocol": "UDP", "name": "u"}],
        },
    ),
    _sample("Pod", spec=_TEMPLATE["spec"]),
    _sample("Lease", "coordination.k8s.io/v1", spec={"holderIdentity": "me", "leaseDurationSeconds": 15}),
    _sample("PodDisruptionBudget", "policy/v1", spec={"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}),
    _sample(
        "Job", "batch/v1", spec={"template": {**_TEMPLATE, "spec": {**_TEMPLATE["spec"], "restartPolicy": "Never"}}}
    ),
    _sample("Deployment", "apps/v1", spec={"selector": {"matchLabels": {"a": "b"}}, "template": _TEMPLATE}),
)


@pytest.mark.parametrize("sample", _SAMPLES, ids=lambda sample: sample["kind"])
def test_every_kind_can_be_applied_twice_and_the_second_time_changes_nothing(cluster, sample):
    options = {"api_version": sample["apiVersion"]}
    apply(cluster, sample["kind"], "s", sample, **options)
    cluster.advance(60)
    assert cluster.commits(lambda: apply(cluster, sample["kind"], "s", sample, **options)) == []
    assert cluster.commits(lambda: apply(cluster, sample["kind"], "s", sample, "second", **options)) != []


def test_a_definition_that_is_applied_serves_its_kind(cluster, make):
    crd = make.crd()
    apply(cluster, "CustomResourceDefinition", "websites.example.com", crd, api_version=crd["apiVersion"])
    options = {"api_version": crd["apiVersion"]}
    again = partial(apply, cluster, "CustomResourceDefinition", "websites.example.com", crd, **options)
    assert cluster.commits(again) == []
    assert apply(cluster, "Website", "front", {"spec": {"replicas": 1}})["metadata"]["generation"] == 1


def test_an_apply_whose_only_change_is_undone_by_a_default_keeps_the_revision(cluster, make):
    body = make.deployment()
    apply(cluster, "Deployment", "front", body)
    del body["spec"]["replicas"]
    without = apply(cluster, "Deployment", "front", body)
    cluster.advance(60)
    assert cluster.commits(lambda: apply(cluster, "Deployment", "front", body)) == []
    assert without["spec"]["replicas"] == 1


def test_an_apply_that_only_gains_ownership_is_a_commit(cluster, make):
    deployed(cluster, make)
    assert cluster.commits(lambda: deployed(cluster, make, manager="two")) == ["MODIFIED deployments.apps/front"]


def test_a_dry_run_answers_and_stores_nothing(cluster, make):
    assert deployed(cluster, make, dry_run=True)["metadata"]["uid"]
    assert not cluster.exists("Deployment", "front")
    deployed(cluster, make)
    dry = deployed(cluster, make, replicas=3, dry_run=True)
    assert (dry["spec"]["replicas"], cluster.get("Deployment", "front")["spec"]["replicas"]) == (3, 1)
    deployed(cluster, make, manager="other")
    with pytest.raises(Conflict, match="Apply failed with 1 conflict"):
        deployed(cluster, make, replicas=3, dry_run=True)


def test_a_stale_resource_version_in_a_configuration_conflicts(cluster):
    first = apply(cluster, "ConfigMap", "a", {"data": {"k": "v"}})
    apply(cluster, "ConfigMap", "a", {"data": {"k": "w"}})
    body = {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"]}, "data": {"k": "x"}}
    with pytest.raises(Conflict, match="the object has been modified"):
        apply(cluster, "ConfigMap", "a", body)


def test_taking_the_last_finalizer_away_lets_a_deleting_object_go(cluster):
    apply(cluster, "ConfigMap", "a", {"metadata": {"finalizers": ["e.com/x"]}})
    cluster.delete("ConfigMap", "a")
    apply(cluster, "ConfigMap", "a", {})
    assert not cluster.exists("ConfigMap", "a")


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


# ------------------------------------------------------------------------------------------- client-side apply before


def _client_side(cluster: Any) -> None:
    text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v","x":"1"}}'
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default",
            "annotations": {ANNOTATION: text}}, "data": {"k": "v", "x": "1"}}  # fmt: skip
    cluster.create(body)


def test_kubectl_takes_over_what_its_client_side_apply_has_set(cluster):
    _client_side(cluster)
    applied = apply(cluster, "ConfigMap", "a", {"data": {"k": "w", "x": "1"}}, "kubectl")
    assert applied["data"] == {"k": "w", "x": "1"}
    assert '"k":"w"' in applied["metadata"]["annotations"][ANNOTATION]


def test_kubectl_does_not_take_over_what_somebody_changed_since(cluster):
    _client_side(cluster)
    cluster.patch("ConfigMap", "a", {"data": {"k": "theirs"}})
    with pytest.raises(Conflict, match=r"\.data\.k"):
        apply(cluster, "ConfigMap", "a", {"data": {"k": "w"}}, "kubectl")


def test_other_managers_do_not_inherit_from_client_side_apply(cluster):
    _client_side(cluster)
    with pytest.raises(Conflict, match="before-first-apply"):
        apply(cluster, "ConfigMap", "a", {"data": {"k": "w"}})
