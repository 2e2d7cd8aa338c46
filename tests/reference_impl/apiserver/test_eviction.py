import pytest

from reference_impl.errors import ApiError, Conflict, NotFound, TooManyRequests


@pytest.fixture
def running(cluster, make):
    cluster.create(make.pod(labels={"app": "x"}))
    cluster.bind("p")
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    cluster.patch("Pod", "p", {"status": ready}, subresource="status")
    return cluster


def budget(cluster, name="b", *, observed=True, **status):
    body = {
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name, "namespace": "default"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}},
    }  # fmt: skip
    made = cluster.create(body)
    fields = {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1, **status}
    fields["observedGeneration"] = made["metadata"]["generation"] if observed else 0
    cluster.patch("PodDisruptionBudget", name, {"status": fields}, subresource="status")


def evict(cluster, **options):
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p", "namespace": "default"}, **options}
    return cluster.do("create", "Pod", "p", subresource="eviction", body=body)


def test_without_a_budget_an_eviction_is_a_delete(running):
    assert evict(running)["status"] == "Success"
    assert running.get("Pod", "p")["metadata"]["deletionTimestamp"]


def test_an_exhausted_budget_refuses_with_429_and_a_cause(running):
    budget(running)
    with pytest.raises(TooManyRequests) as refused:
        evict(running)
    assert refused.value.message == "Cannot evict pod as it would violate the pod's disruption budget."
    assert refused.value.details["causes"] == [
        {"reason": "DisruptionBudget", "message": "The disruption budget b needs 1 healthy pods and has 1 currently"}
    ]
    assert "deletionTimestamp" not in running.get("Pod", "p")["metadata"]


def test_an_allowed_disruption_is_taken_from_the_budget_first(running):
    budget(running, disruptionsAllowed=1)
    commits = running.commits(lambda: evict(running))
    assert commits == ["MODIFIED poddisruptionbudgets.policy/b", "MODIFIED pods/p"]
    status = running.get("PodDisruptionBudget", "b")["status"]
    assert (status["disruptionsAllowed"], list(status["disruptedPods"])) == (0, ["p"])


def test_a_budget_its_controller_has_not_looked_at_refuses(running):
    budget(running, disruptionsAllowed=1, observed=False)
    with pytest.raises(TooManyRequests) as refused:
        evict(running)
    assert refused.value.retry_after_s == 10


def test_an_unready_pod_costs_nothing_while_enough_are_healthy(running):
    running.patch("Pod", "p", {"status": {"conditions": []}}, subresource="status")
    budget(running)
    evict(running)
    assert running.get("PodDisruptionBudget", "b")["status"]["disruptionsAllowed"] == 0


def test_a_pending_pod_is_evicted_without_asking(running):
    running.patch("Pod", "p", {"status": {"phase": "Pending"}}, subresource="status")
    budget(running)
    assert evict(running)["status"] == "Success"


def test_two_budgets_for_one_pod_are_an_error(running):
    budget(running, "a", disruptionsAllowed=1)
    budget(running, "b", disruptionsAllowed=1)
    with pytest.raises(ApiError, match="more than one PodDisruptionBudget") as refused:
        evict(running)
    assert refused.value.status == 500


def test_delete_options_of_an_eviction_hold_for_its_delete(running):
    budget(running, disruptionsAllowed=1)
    with pytest.raises(Conflict):
        evict(running, deleteOptions={"preconditions": {"uid": "other"}})
    assert running.get("PodDisruptionBudget", "b")["status"]["disruptionsAllowed"] == 1
    evict(running, deleteOptions={"gracePeriodSeconds": 0})
    assert not running.exists("Pod", "p")


def test_evicting_what_is_missing_is_not_found(cluster):
    with pytest.raises(NotFound):
        evict(cluster)
