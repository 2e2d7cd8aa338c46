import pytest

from reference_impl.errors import BadRequest, Conflict, Invalid, NotFound


def test_binding_sets_the_node_and_the_scheduled_condition_in_one_commit(cluster, make):
    cluster.create(make.pod())
    assert cluster.commits(lambda: cluster.bind("p", "node-1")) == ["MODIFIED pods/p"]
    bound = cluster.get("Pod", "p")
    assert bound["spec"]["nodeName"] == "node-1"
    conditions = {each["type"]: each["status"] for each in bound["status"]["conditions"]}
    assert conditions["PodScheduled"] == "True"


def test_a_bound_pod_is_not_bound_again(cluster, make):
    cluster.create(make.pod())
    cluster.bind("p", "node-1")
    with pytest.raises(Conflict) as refused:
        cluster.bind("p", "node-2")
    assert refused.value.message == (
        'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "node-1"'
    )


def test_a_deleting_pod_is_not_bound(cluster, make):
    cluster.create(make.pod(finalizers=["example.com/hold"]))
    cluster.delete("Pod", "p")
    with pytest.raises(Conflict, match="pod p is being deleted, cannot be assigned to a host"):
        cluster.bind("p")


def test_a_binding_may_name_the_uid_it_means(cluster, make):
    cluster.create(make.pod())
    with pytest.raises(Conflict, match="Precondition failed: UID in precondition: other"):
        cluster.bind("p", uid="other")
    cluster.bind("p", uid=cluster.get("Pod", "p")["metadata"]["uid"])


def test_annotations_of_a_binding_reach_the_pod(cluster, make):
    cluster.create(make.pod(annotations={"a": "1"}))
    cluster.bind("p", annotations={"b": "2"})
    assert cluster.get("Pod", "p")["metadata"]["annotations"] == {"a": "1", "b": "2"}


def test_a_binding_needs_a_pod_a_target_and_one_name(cluster, make):
    with pytest.raises(NotFound, match='pods "p" not found'):
        cluster.bind("p")
    cluster.create(make.pod())
    with pytest.raises(Invalid, match=r"target.name: Required value"):
        cluster.bind("p", "")
    body = {"metadata": {"name": "q"}, "target": {"name": "node-1"}}
    with pytest.raises(BadRequest, match="name in URL does not match"):
        cluster.do("create", "Pod", "p", subresource="binding", body=body)


def test_a_binding_can_be_created_as_a_kind_of_its_own(cluster, make):
    cluster.create(make.pod())
    body = {
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p", "namespace": "default"},
        "target": {"kind": "Node", "name": "node-1"},
    }  # fmt: skip
    cluster.create(body)
    assert cluster.get("Pod", "p")["spec"]["nodeName"] == "node-1"
