"""What is taken on a node is counted once, from the decision on, until the pod ends."""

from reference_impl.protocol import JsonObject
from reference_impl.scheduler.usage import CONFIRM_WITHIN_S, NodeUsage


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def pod(uid: str = "a", node: str | None = None, phase: str = "Running") -> JsonObject:
    container = {"name": "main", "resources": {"requests": {"cpu": "1"}}}
    spec = {"containers": [container], **({"nodeName": node} if node else {})}
    return {"metadata": {"name": uid, "uid": uid, "namespace": "default"}, "spec": spec, "status": {"phase": phase}}


def cpu(usage: NodeUsage, node: str = "n") -> int:
    return usage.taken(node).get("cpu", 0)


def test_an_assumed_pod_is_counted_once_when_it_is_confirmed() -> None:
    usage = NodeUsage(Clock())
    usage.assume(pod(), "n")
    usage.observe("MODIFIED", pod(), pod(node="n"))
    assert cpu(usage) == 1000


def test_a_pod_confirmed_elsewhere_moves() -> None:
    usage = NodeUsage(Clock())
    usage.assume(pod(), "n")
    usage.observe("MODIFIED", pod(), pod(node="m"))
    assert (cpu(usage), cpu(usage, "m")) == (0, 1000)


def test_a_forgotten_assumption_frees_its_room_and_a_bound_pod_stays() -> None:
    usage = NodeUsage(Clock())
    usage.assume(pod(), "n")
    usage.forget("a")
    assert cpu(usage) == 0
    usage.observe("ADDED", None, pod(node="n"))
    usage.forget("a")
    assert cpu(usage) == 1000


def test_ended_deleted_and_replaced_pods_free_their_room() -> None:
    for old, new in ((pod(node="n"), pod(node="n", phase="Failed")), (pod(node="n"), None), (pod(node="n"), pod("b"))):
        usage = NodeUsage(Clock())
        usage.observe("ADDED", None, pod(node="n"))
        assert usage.observe("MODIFIED", old, new)
        assert cpu(usage) == 0


def test_an_event_delivered_again_changes_nothing() -> None:
    usage = NodeUsage(Clock())
    for _ in range(3):
        usage.observe("MODIFIED", pod(node="n"), pod(node="n"))
    assert cpu(usage) == 1000


def test_an_unconfirmed_assumption_grows_old() -> None:
    clock = Clock()
    usage = NodeUsage(clock)
    usage.assume(pod(), "n")
    assert usage.overdue() == []
    clock.now_s = CONFIRM_WITHIN_S
    assert [uid for uid, _ in usage.overdue()] == ["a"]


def test_pods_that_ask_for_nothing_weigh_when_scored() -> None:
    usage = NodeUsage(Clock())
    idle = pod()
    idle["spec"]["containers"][0]["resources"] = {}
    usage.assume(idle, "n")
    assert usage.scored("n")["cpu"] == 100
    assert "cpu" not in usage.taken("n")
