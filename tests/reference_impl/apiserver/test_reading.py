import pytest

from reference_impl.errors import BadRequest, NotFound, TooLargeResourceVersion


def test_an_unset_revision_reads_the_store_though_the_replica_lags(cluster, make):
    cluster.create(make.config_map())
    assert cluster.get("ConfigMap", "a", server=cluster.replica)["data"] == {"k": "v"}


def test_revision_zero_reads_whatever_the_replica_has(cluster, make):
    cluster.create(make.config_map())
    cluster.catch_up()
    cluster.patch("ConfigMap", "a", {"data": {"k": "new"}})
    stale = cluster.get("ConfigMap", "a", server=cluster.replica, resource_version="0")
    assert stale["data"] == {"k": "v"}


def test_revision_zero_may_miss_what_exists_and_show_what_is_gone(cluster, make):
    cluster.create(make.config_map("gone"))
    cluster.catch_up()
    cluster.delete("ConfigMap", "gone")
    cluster.create(make.config_map("new"))
    assert cluster.get("ConfigMap", "gone", server=cluster.replica, resource_version="0")
    with pytest.raises(NotFound, match='configmaps "new" not found'):
        cluster.get("ConfigMap", "new", server=cluster.replica, resource_version="0")


def test_a_named_revision_is_refused_by_a_replica_that_is_behind(cluster, make):
    revision = cluster.create(make.config_map())["metadata"]["resourceVersion"]
    with pytest.raises(TooLargeResourceVersion) as refused:
        cluster.get("ConfigMap", "a", server=cluster.replica, resource_version=revision)
    assert refused.value.status == 504
    assert refused.value.message == f"Too large resource version: {revision}, current: {int(revision) - 1}"
    cluster.catch_up()
    assert cluster.get("ConfigMap", "a", server=cluster.replica, resource_version=revision)


def test_a_missing_object_is_worded_with_its_group(cluster):
    with pytest.raises(NotFound) as refused:
        cluster.get("Deployment", "front")
    assert refused.value.message == 'deployments.apps "front" not found'
    assert refused.value.details == {"name": "front", "group": "apps", "kind": "deployments"}
    assert refused.value.to_status()["code"] == 404


def test_a_revision_that_is_no_number_is_a_bad_request(cluster, make):
    cluster.create(make.config_map())
    with pytest.raises(BadRequest, match='Invalid value: "abc"'):
        cluster.get("ConfigMap", "a", resource_version="abc")
