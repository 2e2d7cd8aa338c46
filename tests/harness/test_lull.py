"""While a plane waits for a long timer, heartbeats of nodes are left out, and nobody can tell."""

from datetime import datetime
from typing import Any

from harness.example import Example
from harness.plan import make_plan
from harness.settle import settle
from harness.trial import Trial
from reference_impl.runtime import Client, Controller, Request, Result, Watch

BUILT_INS = ("deployment", "replicaset", "scheduler", "kubelet", "node-lifecycle", "garbage-collector", "namespace")
LABELS = {"app": "front"}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "front", "namespace": "default"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "main", "image": "image:1"}]}},
    },
}
"""Its progress deadline is a timer of ten minutes that waiting for rest waits for."""
RENEWALS_IN_TEN_MINUTES = 2 * 60


def looks_at_nodes(client: Client) -> Controller:
    """Somebody who watches the Leases by which nodes show that they live."""

    async def reconcile(request: Request) -> Result | None:
        return None

    return Controller(
        name="looks-at-nodes",
        reconcile=reconcile,
        watches=[Watch("coordination.k8s.io/v1", "Lease", namespace="kube-node-lease")],
    )


def _settled(controllers: list[Any]) -> Example:
    example = Example(make_plan(Trial(controllers, [DEPLOYMENT]), BUILT_INS))
    try:
        example.act({"do": "create", "object": DEPLOYMENT})
        example.finish(None)
    finally:
        example.close()
    return example


def _renewals(example: Example) -> int:
    events = example.world.trace.events
    return sum(event.kind == "commit" and event.object.startswith("Lease/kube-node-lease/") for event in events)


def test_ten_minutes_of_heartbeats_are_left_out_and_no_node_is_taken_for_dead() -> None:
    example = _settled([])
    world = example.world
    assert example.rested
    assert not example.violations
    assert world.network.now_s > 600
    assert _renewals(example) < RENEWALS_IN_TEN_MINUTES / 4
    nodes = [change.after for change in world.history.changes if change.ref.kind == "Node" and change.after]
    ready = [
        one["status"]
        for node in nodes
        for one in node.get("status", {}).get("conditions", ())
        if one["type"] == "Ready"
    ]
    assert ready
    assert set(ready) == {"True"}


def test_who_looks_at_them_sees_every_one() -> None:
    assert _renewals(_settled([looks_at_nodes])) >= RENEWALS_IN_TEN_MINUTES


def test_of_a_node_that_died_the_others_find_out() -> None:
    example = Example(make_plan(Trial([], [DEPLOYMENT]), BUILT_INS))
    with example:
        example.act({"do": "create", "object": DEPLOYMENT, "settle": True})
        world = example.world
        assert world.crash(world.process("kubelet-node-0"), None)
        assert settle(world)
        (node,) = [
            obj for obj in world.stored_objects() if (obj["kind"], obj["metadata"]["name"]) == ("Node", "node-0")
        ]
        assert [one["status"] for one in node["status"]["conditions"] if one["type"] == "Ready"] == ["Unknown"]


def looks_once(client: Client) -> Controller:
    """Looks at a node's Lease for the first time after five minutes, and says how old it was."""

    async def reconcile(request: Request) -> Result | None:
        if client.monotonic_s() < 300:
            return Result(requeue_after_s=300)
        lease = await client.live.get("coordination.k8s.io/v1", "Lease", "node-0", "kube-node-lease")
        renewed = datetime.fromisoformat(lease["spec"]["renewTime"])
        AGES.append((client.now() - renewed).total_seconds())
        return None

    return Controller(name="looks-once", reconcile=reconcile, watches=[Watch("apps/v1", "Deployment")])


AGES: list[float] = []


def test_who_looks_in_a_lull_for_the_first_time_finds_a_fresh_sign() -> None:
    AGES.clear()
    _settled([looks_once])
    assert AGES
    assert max(AGES) <= 10.0
