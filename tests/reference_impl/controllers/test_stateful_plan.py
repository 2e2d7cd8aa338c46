"""The StatefulSet plan, on hand-made pods."""

from datetime import UTC, datetime

from reference_impl.controllers.stateful_plan import (
    CreateClaims,
    CreatePod,
    DeletePod,
    Plan,
    RestoreIdentity,
    make_plan,
    make_status,
)
from reference_impl.controllers.stateful_pods import new_pod
from reference_impl.controllers.stateful_revisions import Revisions, draft, template_of
from reference_impl.objects import name_of
from reference_impl.protocol import JsonObject
from tests.reference_impl.controllers.test_statefulset import CLAIM_TEMPLATE, stateful_set

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)


def a_set(replicas: int, image: str = "db:1", **spec: object) -> JsonObject:
    made = stateful_set(replicas, image, **spec)
    made["metadata"] |= {"uid": "u-set", "generation": 1}
    return made


def revisions(set_: JsonObject, image: str = "db:1") -> Revisions:
    old = {**set_, "spec": {**set_["spec"], "template": a_set(1, image)["spec"]["template"]}}
    return Revisions(draft(old, 1, 0), draft(set_, 2, 0))


def pod(
    set_: JsonObject, ordinal: int, revision: JsonObject, *, ready: bool = True, deleting: bool = False
) -> JsonObject:
    made = new_pod(set_, template_of(revision), ordinal, name_of(revision))
    made["metadata"]["uid"] = f"u-{ordinal}"
    if deleting:
        made["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}
    made["status"] = {"phase": "Running", "conditions": [condition]}
    return made


def described(plan: Plan) -> list[str]:
    texts = []
    for step in plan.steps:
        match step:
            case CreatePod(ordinal, _):
                texts.append(f"create {ordinal}")
            case DeletePod(gone, _):
                texts.append(f"delete {name_of(gone)}")
            case RestoreIdentity(_, ordinal):
                texts.append(f"restore {ordinal}")
            case CreateClaims(ordinal):
                texts.append(f"claims {ordinal}")
    return texts


def test_an_ordered_set_scales_down_one_at_a_time_from_the_highest() -> None:
    set_ = a_set(1)
    history = revisions(set_)
    pods = [pod(set_, ordinal, history.update) for ordinal in range(4)]
    assert described(make_plan(set_, pods, history, NOW)) == ["delete db-3"]


def test_a_parallel_set_scales_down_at_once() -> None:
    set_ = a_set(1, podManagementPolicy="Parallel")
    history = revisions(set_)
    pods = [pod(set_, ordinal, history.update) for ordinal in range(3)]
    assert described(make_plan(set_, pods, history, NOW)) == ["delete db-2", "delete db-1"]


def test_scaling_down_waits_for_an_unhealthy_pod_below_the_highest() -> None:
    set_ = a_set(1)
    history = revisions(set_)
    pods = [pod(set_, 0, history.update), *(pod(set_, ordinal, history.update, ready=False) for ordinal in (1, 2))]
    assert described(make_plan(set_, pods, history, NOW)) == []


def test_the_only_unhealthy_condemned_pod_may_go() -> None:
    set_ = a_set(1)
    history = revisions(set_)
    pods = [pod(set_, 0, history.update), pod(set_, 1, history.update, ready=False)]
    assert described(make_plan(set_, pods, history, NOW)) == ["delete db-1"]


def test_scaling_comes_before_updating() -> None:
    set_ = a_set(2, "db:2")
    history = revisions(set_, "db:1")
    pods = [pod(set_, ordinal, history.current) for ordinal in range(3)]
    assert described(make_plan(set_, pods, history, NOW)) == ["delete db-2"]


def test_a_rolling_update_replaces_one_at_a_time_even_in_parallel_mode() -> None:
    set_ = a_set(3, "db:2", podManagementPolicy="Parallel")
    history = revisions(set_, "db:1")
    pods = [pod(set_, ordinal, history.current) for ordinal in range(3)]
    assert described(make_plan(set_, pods, history, NOW)) == ["delete db-2"]


def test_a_rolling_update_waits_for_a_terminating_pod() -> None:
    set_ = a_set(2, "db:2", podManagementPolicy="Parallel")
    history = revisions(set_, "db:1")
    pods = [pod(set_, 0, history.current), pod(set_, 1, history.current, deleting=True)]
    assert described(make_plan(set_, pods, history, NOW)) == []


def test_a_name_that_somebody_else_holds_is_waited_for() -> None:
    set_ = a_set(2, podManagementPolicy="Parallel")
    assert described(make_plan(set_, [], revisions(set_), NOW, taken=["db-0"])) == ["create 1"]


def test_ordinals_may_start_elsewhere() -> None:
    set_ = a_set(2, podManagementPolicy="Parallel", ordinals={"start": 5})
    assert described(make_plan(set_, [], revisions(set_), NOW)) == ["create 5", "create 6"]


def test_lost_identity_labels_are_restored() -> None:
    set_ = a_set(1)
    history = revisions(set_)
    one = pod(set_, 0, history.update)
    del one["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"]
    assert described(make_plan(set_, [one], history, NOW)) == ["restore 0"]


def test_a_pending_pod_gets_the_claims_it_lacks() -> None:
    set_ = a_set(1, volumeClaimTemplates=[CLAIM_TEMPLATE])
    history = revisions(set_)
    one = pod(set_, 0, history.update)
    one["status"] = {"phase": "Pending"}
    assert described(make_plan(set_, [one], history, NOW)) == ["claims 0"]
    assert described(make_plan(set_, [one], history, NOW, claims=["data-db-0"])) == []


def test_the_plan_says_when_a_pod_becomes_available() -> None:
    set_ = a_set(2, minReadySeconds=90)
    history = revisions(set_)
    plan = make_plan(set_, [pod(set_, 0, history.update)], history, NOW)
    assert (described(plan), plan.recheck_s) == ([], 30.0)


def test_a_set_under_deletion_plans_nothing() -> None:
    set_ = a_set(2)
    set_["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert described(make_plan(set_, [], revisions(set_), NOW)) == []


def test_status_counts_only_pods_that_stay_as_current_or_updated() -> None:
    set_ = a_set(2, "db:2")
    history = revisions(set_, "db:1")
    pods = [pod(set_, 0, history.current), pod(set_, 1, history.update, deleting=True)]
    status = make_status(set_, pods, history, NOW)
    assert (status["replicas"], status["currentReplicas"], status["updatedReplicas"]) == (2, 1, 0)
