import pytest

from reference_impl.errors import (
    BadRequest,
    Conflict,
    Invalid,
    NotFound,
    UnsupportedMediaType,
)


def test_an_update_on_an_old_revision_conflicts_in_kubernetes_words(cluster, make):
    old = cluster.create(make.deployment())
    cluster.patch("Deployment", "front", {"spec": {"replicas": 2}})
    with pytest.raises(Conflict) as refused:
        cluster.update(old)
    assert refused.value.message == (
        'Operation cannot be fulfilled on deployments.apps "front": the object has been modified; please apply your '
        "changes to the latest version and try again"
    )


def test_an_update_without_a_revision_is_unconditional_for_most_built_ins(cluster, make):
    cluster.create(make.config_map())
    assert cluster.update({**make.config_map(), "data": {"k": "2"}})["data"] == {"k": "2"}


@pytest.mark.parametrize("kind", ["Lease", "Website"])
def test_custom_resources_and_some_built_ins_need_the_revision(cluster, make, kind):
    cluster.create(make.crd())
    body = make.website() if kind == "Website" else {
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l", "namespace": "default"},
        "spec": {"holderIdentity": "a"},
    }  # fmt: skip
    cluster.create(body)
    with pytest.raises(Invalid, match=r"metadata.resourceVersion: Invalid value: 0x0: must be specified for an update"):
        cluster.update(body)


def test_an_update_that_changes_nothing_keeps_the_revision_and_emits_no_event(cluster, make):
    made = cluster.create(make.deployment())
    assert cluster.commits(lambda: cluster.update(made)) == []
    assert cluster.update(make.deployment())["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_a_patch_that_changes_nothing_keeps_the_revision(cluster, make):
    cluster.create(make.config_map())
    assert cluster.commits(lambda: cluster.patch("ConfigMap", "a", {"data": {"k": "v"}})) == []


def test_another_uid_in_the_body_conflicts(cluster, make):
    made = cluster.create(make.config_map())
    body = {**made, "metadata": {**made["metadata"], "uid": "other"}}
    with pytest.raises(Conflict, match="Precondition failed: UID in precondition: other, UID in object meta: "):
        cluster.update(body)


def test_another_uid_in_a_patch_is_invalid(cluster, make):
    cluster.create(make.config_map())
    with pytest.raises(Invalid, match=r'metadata.uid: Invalid value: "other": field is immutable'):
        cluster.patch("ConfigMap", "a", {"metadata": {"uid": "other"}})


def test_updating_what_is_missing_is_not_found(cluster, make):
    with pytest.raises(NotFound, match='configmaps "a" not found'):
        cluster.update(make.config_map())


def test_the_name_in_the_body_must_be_the_one_in_the_url(cluster, make):
    cluster.create(make.config_map("b"))
    with pytest.raises(BadRequest, match="does not match the name on the URL"):
        cluster.do("update", "ConfigMap", "b", body=make.config_map("a"))


def test_creation_time_and_generation_are_the_servers(cluster, make):
    made = cluster.create(make.deployment())
    body = {**made, "metadata": {**made["metadata"], "creationTimestamp": None, "generation": 77, "labels": {"a": "b"}}}
    metadata = cluster.update(body)["metadata"]
    assert (metadata["creationTimestamp"], metadata["generation"]) == (made["metadata"]["creationTimestamp"], 1)


def test_a_client_cannot_mark_an_object_as_deleting(cluster, make):
    cluster.create(make.config_map())
    with pytest.raises(Invalid, match=r"metadata.deletionTimestamp"):
        cluster.patch("ConfigMap", "a", {"metadata": {"deletionTimestamp": "2024-01-01T00:00:00Z"}})


def test_a_changed_spec_raises_the_generation_and_changed_metadata_does_not(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website())
    labelled = cluster.patch("Website", "front", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    assert cluster.patch("Website", "front", {"spec": {"replicas": 2}})["metadata"]["generation"] == 2


def test_annotations_of_a_deployment_raise_its_generation(cluster, make):
    cluster.create(make.deployment())
    assert (
        cluster.patch("Deployment", "front", {"metadata": {"annotations": {"a": "b"}}})["metadata"]["generation"] == 2
    )


def test_the_main_endpoint_ignores_status_where_it_is_a_subresource(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website())
    assert cluster.commits(lambda: cluster.patch("Website", "front", {"status": {"ready": True}})) == []


def test_status_counts_for_the_generation_where_it_is_no_subresource(cluster, make):
    cluster.create(make.crd("Gadget", status=False))
    cluster.create(make.website(kind="Gadget"))
    patched = cluster.patch("Gadget", "front", {"status": {"ready": True}})
    assert (patched["status"], patched["metadata"]["generation"]) == ({"ready": True}, 2)


def test_a_patch_with_a_revision_conflicts_like_an_update(cluster, make):
    old = cluster.create(make.config_map())
    cluster.patch("ConfigMap", "a", {"data": {"k": "2"}})
    body = {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"k": "3"}}
    with pytest.raises(Conflict):
        cluster.patch("ConfigMap", "a", body)
    assert cluster.patch("ConfigMap", "a", {"data": {"k": "3"}})["data"] == {"k": "3"}


def test_a_failed_test_in_a_json_patch_is_invalid_and_changes_nothing(cluster, make):
    cluster.create(make.config_map())
    steps = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
        {"op": "add", "path": "/metadata/finalizers", "value": ["example.com/f"]},
    ]
    with pytest.raises(Invalid):
        cluster.patch("ConfigMap", "a", steps, patch_type="json")
    assert "finalizers" not in cluster.get("ConfigMap", "a")["metadata"]


def test_strategic_merge_is_refused_for_custom_resources(cluster, make):
    cluster.create(make.crd())
    cluster.create(make.website())
    with pytest.raises(UnsupportedMediaType):
        cluster.patch("Website", "front", {"spec": {"replicas": 2}}, patch_type="strategic")


def test_a_patch_does_not_change_the_stored_object_in_place(cluster, make):
    before = cluster.create(make.deployment())
    copy = {**before, "metadata": dict(before["metadata"])}
    cluster.patch("Deployment", "front", {"metadata": {"labels": {"x": "y"}}, "spec": {"replicas": 9}})
    assert before == copy
    assert before["spec"]["replicas"] == 1


def test_no_finalizer_can_be_added_to_a_deleting_object(cluster, make):
    cluster.create(make.config_map(finalizers=["example.com/a"]))
    cluster.delete("ConfigMap", "a")
    with pytest.raises(Invalid) as refused:
        cluster.patch("ConfigMap", "a", {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}})
    assert refused.value.details["causes"][0]["message"].endswith('found new finalizers []string{"example.com/b"}')


def test_a_deletion_mark_survives_updates(cluster, make):
    cluster.create(make.config_map(finalizers=["example.com/a"]))
    marked = cluster.delete("ConfigMap", "a")
    updated = cluster.update({**make.config_map(finalizers=["example.com/a"]), "data": {"k": "2"}})
    assert updated["metadata"]["deletionTimestamp"] == marked["metadata"]["deletionTimestamp"]


def test_removing_the_last_finalizer_of_a_deleting_object_removes_it(cluster, make):
    cluster.create(make.config_map(finalizers=["example.com/a", "example.com/b"]))
    cluster.delete("ConfigMap", "a")
    cluster.patch("ConfigMap", "a", {"metadata": {"finalizers": ["example.com/b"]}})
    assert cluster.exists("ConfigMap", "a")
    commits = cluster.commits(lambda: cluster.patch("ConfigMap", "a", {"metadata": {"finalizers": None}}))
    assert commits == ["DELETED configmaps/a"]


def test_the_last_event_of_a_finalized_object_shows_its_last_stored_state(cluster, make):
    cluster.create(make.config_map(finalizers=["example.com/a"]))
    cluster.delete("ConfigMap", "a")
    watched = cluster.watch("ConfigMap", resource_version=str(cluster.store.revision))
    cluster.patch("ConfigMap", "a", {"metadata": {"finalizers": []}, "data": {"k": "unseen"}})
    assert watched.events[0].object["data"] == {"k": "v"}
    assert watched.events[0].object["metadata"]["finalizers"] == ["example.com/a"]


def test_a_dry_run_update_shows_the_result_and_stores_nothing(cluster, make):
    cluster.create(make.config_map())
    shown = cluster.patch("ConfigMap", "a", {"data": {"k": "2"}}, dry_run=True)
    assert shown["data"] == {"k": "2"}
    assert cluster.get("ConfigMap", "a")["data"] == {"k": "v"}


def test_true_is_not_one_when_changes_are_looked_for(cluster, make):
    cluster.create(make.crd())
    cluster.create({**make.website(), "spec": {"on": 1}})
    changed = cluster.patch("Website", "front", {"spec": {"on": True}})
    assert changed["spec"] == {"on": True}
    assert (changed["spec"]["on"] is True, changed["metadata"]["generation"]) == (True, 2)
