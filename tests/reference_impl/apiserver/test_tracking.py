"""Who owns what after updates and patches, which objects are tracked, and when a claim is no change."""

from functools import partial
from typing import Any

import pytest

from reference_impl.errors import Conflict, NotFound
from tests.reference_impl.apiserver.applying import apply, claim, deployed, entries

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


@pytest.mark.in_process("whose request it was")
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
    [
        None,
        [{"manager": "x"}],
        [{"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV2"}],
        pytest.param("nonsense", marks=pytest.mark.in_process("a string in its place is a 400 on the wire")),
    ],
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
