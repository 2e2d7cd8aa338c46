import pytest

from reference_impl.errors import Conflict, Forbidden, MethodNotAllowed, NotFound

FREE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def test_the_system_namespaces_exist_after_bootstrap(cluster):
    listed = cluster.do("list", "Namespace")["items"]
    assert [each["metadata"]["name"] for each in listed] == ["default", "kube-node-lease", "kube-public", "kube-system"]
    revision = cluster.store.revision
    cluster.server.bootstrap()
    assert cluster.store.revision == revision


def test_a_new_namespace_is_active_with_its_finalizer_and_name_label(cluster):
    made = cluster.create(FREE)
    assert (made["status"], made["spec"]) == ({"phase": "Active"}, {"finalizers": ["kubernetes"]})
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "shop"}


def test_nothing_is_created_in_a_namespace_that_does_not_exist(cluster, make):
    with pytest.raises(NotFound) as refused:
        cluster.create(make.config_map("a", "nowhere"))
    assert refused.value.message == 'namespaces "nowhere" not found'


def test_deleting_a_namespace_marks_it_terminating_in_one_commit(cluster):
    cluster.create(FREE)
    assert cluster.commits(lambda: cluster.delete("Namespace", "shop")) == ["MODIFIED namespaces/shop"]
    marked = cluster.get("Namespace", "shop")
    assert (marked["status"]["phase"], marked["metadata"]["deletionTimestamp"]) == (
        "Terminating",
        "2024-05-01T12:00:00Z",
    )


def test_nothing_new_is_created_in_a_terminating_namespace(cluster, make):
    cluster.create(FREE)
    cluster.create(make.config_map("old", "shop"))
    cluster.delete("Namespace", "shop")
    with pytest.raises(Forbidden) as refused:
        cluster.create(make.config_map("new", "shop"))
    assert refused.value.message == (
        'configmaps "new" is forbidden: unable to create new content in namespace shop because it is being terminated'
    )
    assert refused.value.details["causes"][0]["reason"] == "NamespaceTerminating"
    assert cluster.patch("ConfigMap", "old", {"data": {"k": "2"}}, namespace="shop")["data"] == {"k": "2"}


def test_a_terminating_namespace_with_finalizers_refuses_a_second_delete(cluster):
    cluster.create(FREE)
    cluster.delete("Namespace", "shop")
    with pytest.raises(Conflict, match="The system is ensuring all content is removed from this namespace"):
        cluster.delete("Namespace", "shop")


def test_finalize_removes_a_terminating_namespace(cluster):
    cluster.create(FREE)
    marked = cluster.delete("Namespace", "shop")
    cluster.update({**marked, "spec": {"finalizers": []}}, subresource="finalize")
    assert not cluster.exists("Namespace", "shop")


def test_finalize_keeps_a_namespace_that_is_not_terminating(cluster):
    made = cluster.create(FREE)
    cluster.update({**made, "spec": {"finalizers": []}}, subresource="finalize")
    assert cluster.exists("Namespace", "shop")


def test_an_ordinary_update_cannot_change_the_finalizers_in_spec(cluster):
    made = cluster.create(FREE)
    assert cluster.update({**made, "spec": {}})["spec"] == {"finalizers": ["kubernetes"]}


def test_system_namespaces_cannot_be_deleted(cluster):
    with pytest.raises(Forbidden, match='namespaces "default" is forbidden: this namespace may not be deleted'):
        cluster.delete("Namespace", "default")


def test_namespaces_are_not_deleted_as_a_collection(cluster):
    with pytest.raises(MethodNotAllowed):
        cluster.do("deletecollection", "Namespace")
