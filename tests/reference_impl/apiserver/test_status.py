import pytest

from reference_impl.errors import Conflict, NotFound


def test_status_writes_change_status_and_nothing_else_of_a_custom_resource(cluster, make):
    cluster.create(make.crd())
    made = cluster.create(make.website())
    body = {
        **made,
        "metadata": {**made["metadata"], "labels": {"a": "b"}},
        "spec": {"replicas": 9},
        "status": {"ready": 1},
    }
    written = cluster.update(body, subresource="status")
    assert (written["status"], written["spec"]) == ({"ready": 1}, {"replicas": 1})
    assert "labels" not in written["metadata"]
    assert written["metadata"]["generation"] == 1


def test_status_writes_to_a_pod_may_change_labels_but_not_owners(cluster, make):
    made = cluster.create(make.pod())
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u"}
    metadata = {**made["metadata"], "labels": {"a": "b"}, "ownerReferences": [owner]}
    written = cluster.update({**made, "metadata": metadata, "status": {"phase": "Running"}}, subresource="status")
    assert written["metadata"]["labels"] == {"a": "b"}
    assert "ownerReferences" not in written["metadata"]
    assert written["status"]["phase"] == "Running"


def test_status_writes_to_a_deployment_do_not_change_labels(cluster, make):
    made = cluster.create(make.deployment())
    body = {**made, "metadata": {**made["metadata"], "labels": {"a": "b"}}, "status": {"replicas": 1}}
    assert "labels" not in cluster.update(body, subresource="status")["metadata"]


def test_status_writes_use_the_same_optimistic_lock(cluster, make):
    old = cluster.create(make.deployment())
    cluster.patch("Deployment", "front", {"spec": {"replicas": 2}})
    with pytest.raises(Conflict):
        cluster.update({**old, "status": {"replicas": 1}}, subresource="status")


def test_a_status_write_that_changes_nothing_keeps_the_revision(cluster, make):
    cluster.create(make.deployment())
    cluster.patch("Deployment", "front", {"status": {"replicas": 1}}, subresource="status")
    again = cluster.commits(
        lambda: cluster.patch("Deployment", "front", {"status": {"replicas": 1}}, subresource="status")
    )
    assert again == []


def test_a_kind_without_status_has_no_such_endpoint(cluster, make):
    cluster.create(make.config_map())
    with pytest.raises(NotFound, match="the server could not find the requested resource"):
        cluster.patch("ConfigMap", "a", {"status": {}}, subresource="status")


def test_status_can_be_read_by_itself(cluster, make):
    made = cluster.create(make.pod())
    assert cluster.get("Pod", "p", subresource="status") == made
