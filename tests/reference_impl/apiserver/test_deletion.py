import pytest

from reference_impl.errors import Conflict, Invalid, NotFound


def test_a_delete_removes_and_answers_a_status_with_the_uid(cluster, make):
    made = cluster.create(make.config_map())
    answer = cluster.delete("ConfigMap", "a")
    assert (answer["kind"], answer["status"]) == ("Status", "Success")
    assert answer["details"] == {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert not cluster.exists("ConfigMap", "a")


def test_some_kinds_answer_a_delete_with_the_object(cluster, make):
    cluster.create(make.pod())
    assert cluster.delete("Pod", "p")["kind"] == "Pod"


def test_deleting_what_is_missing_is_not_found(cluster):
    with pytest.raises(NotFound, match=r'deployments.apps "front" not found'):
        cluster.delete("Deployment", "front")


def test_finalizers_turn_a_delete_into_a_mark(cluster, make):
    cluster.create(make.deployment(finalizers=["example.com/hold"]))
    marked = cluster.delete("Deployment", "front")["metadata"]
    assert (marked["deletionTimestamp"], marked["deletionGracePeriodSeconds"]) == ("2024-05-01T12:00:00Z", 0)
    assert marked["generation"] == 2
    assert cluster.exists("Deployment", "front")


def test_a_second_delete_of_a_marked_object_changes_nothing(cluster, make):
    cluster.create(make.deployment(finalizers=["example.com/hold"]))
    cluster.delete("Deployment", "front")
    cluster.advance(60)
    assert cluster.commits(lambda: cluster.delete("Deployment", "front")) == []


def test_a_bound_pod_is_marked_with_the_end_of_its_grace_period(cluster, make):
    cluster.create(make.pod())
    cluster.bind("p")
    marked = cluster.delete("Pod", "p")["metadata"]
    assert (marked["deletionTimestamp"], marked["deletionGracePeriodSeconds"]) == ("2024-05-01T12:00:30Z", 30)
    assert marked["generation"] == cluster.get("Pod", "p")["metadata"]["generation"]


def test_an_unbound_pod_goes_at_once_marked_first(cluster, make):
    cluster.create(make.pod())
    assert cluster.commits(lambda: cluster.delete("Pod", "p")) == ["MODIFIED pods/p", "DELETED pods/p"]


def test_a_finished_pod_goes_at_once(cluster, make):
    cluster.create(make.pod())
    cluster.bind("p")
    cluster.patch("Pod", "p", {"status": {"phase": "Succeeded"}}, subresource="status")
    cluster.delete("Pod", "p")
    assert not cluster.exists("Pod", "p")


def test_the_kubelets_delete_with_grace_zero_removes_a_terminating_pod(cluster, make):
    made = cluster.create(make.pod())
    cluster.bind("p")
    cluster.delete("Pod", "p")
    cluster.delete("Pod", "p", grace_period_s=0, precondition_uid=made["metadata"]["uid"])
    assert not cluster.exists("Pod", "p")


def test_a_pending_grace_period_can_be_shortened_and_not_lengthened(cluster, make):
    cluster.create(make.pod())
    cluster.bind("p")
    cluster.delete("Pod", "p")
    assert cluster.commits(lambda: cluster.delete("Pod", "p", grace_period_s=60)) == []
    assert cluster.commits(lambda: cluster.delete("Pod", "p")) == []
    shorter = cluster.delete("Pod", "p", grace_period_s=5)["metadata"]
    assert (shorter["deletionTimestamp"], shorter["deletionGracePeriodSeconds"]) == ("2024-05-01T12:00:05Z", 5)


def test_a_pod_with_finalizers_stays_after_its_grace(cluster, make):
    cluster.create(make.pod(finalizers=["example.com/hold"]))
    cluster.bind("p")
    cluster.delete("Pod", "p")
    cluster.delete("Pod", "p", grace_period_s=0)
    assert cluster.get("Pod", "p")["metadata"]["deletionGracePeriodSeconds"] == 0
    cluster.patch("Pod", "p", {"metadata": {"finalizers": None}})
    assert not cluster.exists("Pod", "p")


def test_dropping_finalizers_during_a_pods_grace_does_not_remove_it(cluster, make):
    cluster.create(make.pod(finalizers=["example.com/hold"]))
    cluster.bind("p")
    cluster.delete("Pod", "p")
    cluster.patch("Pod", "p", {"metadata": {"finalizers": None}})
    assert cluster.exists("Pod", "p")


@pytest.mark.parametrize(
    ("precondition", "words"),
    [
        ({"precondition_uid": "other"}, "the UID in the precondition (other) does not match the UID in record"),
        ({"precondition_resource_version": "1"}, "the ResourceVersion in the precondition (1) does not match"),
    ],
)
def test_failed_preconditions_conflict_and_leave_the_object(cluster, make, precondition, words):
    cluster.create(make.deployment())
    with pytest.raises(Conflict) as refused:
        cluster.delete("Deployment", "front", **precondition)
    assert words in refused.value.message
    assert refused.value.message.startswith('Operation cannot be fulfilled on Deployment.apps "front": ')
    assert cluster.exists("Deployment", "front")


def test_preconditions_that_hold_let_the_delete_through(cluster, make):
    made = cluster.create(make.deployment())["metadata"]
    cluster.delete(
        "Deployment", "front", precondition_uid=made["uid"], precondition_resource_version=made["resourceVersion"]
    )
    assert not cluster.exists("Deployment", "front")


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_propagation_is_left_to_the_garbage_collector_as_a_finalizer(cluster, make, policy, finalizer):
    cluster.create(make.deployment())
    marked = cluster.delete("Deployment", "front", propagation=policy)["metadata"]
    assert marked["finalizers"] == [finalizer]
    assert marked["deletionTimestamp"]


def test_background_overrides_a_propagation_finalizer_in_one_commit(cluster, make):
    cluster.create(make.deployment(finalizers=["orphan"]))
    commits = cluster.commits(lambda: cluster.delete("Deployment", "front", propagation="Background"))
    assert commits == ["DELETED deployments.apps/front"]


def test_without_a_policy_a_propagation_finalizer_decides(cluster, make):
    cluster.create(make.deployment(finalizers=["orphan"]))
    assert cluster.delete("Deployment", "front")["metadata"]["finalizers"] == ["orphan"]


def test_the_policy_can_change_while_an_object_waits(cluster, make):
    cluster.create(make.deployment(finalizers=["example.com/hold"]))
    cluster.delete("Deployment", "front", propagation="Orphan")
    changed = cluster.delete("Deployment", "front", propagation="Foreground")["metadata"]
    assert changed["finalizers"] == ["example.com/hold", "foregroundDeletion"]


def test_jobs_orphan_their_pods_unless_told_otherwise(cluster):
    job = {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "default"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}},
    }  # fmt: skip
    cluster.create(job)
    assert cluster.delete("Job", "j")["metadata"]["finalizers"] == ["orphan"]


def test_an_unknown_policy_is_invalid(cluster, make):
    cluster.create(make.config_map())
    with pytest.raises(Invalid, match='propagationPolicy: Unsupported value: "Sideways"'):
        cluster.delete("ConfigMap", "a", propagation="Sideways")


def test_a_collection_is_deleted_by_selector_and_listed(cluster, make):
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        cluster.create(make.config_map(name, labels={"app": label}))
    answer = cluster.do("deletecollection", "ConfigMap", labels="app=x")
    assert [each["metadata"]["name"] for each in answer["items"]] == ["a", "c"]
    assert [cluster.exists("ConfigMap", name) for name in "abc"] == [False, True, False]


def test_a_dry_run_delete_removes_nothing(cluster, make):
    cluster.create(make.config_map())
    cluster.delete("ConfigMap", "a", dry_run=True)
    assert cluster.exists("ConfigMap", "a")
