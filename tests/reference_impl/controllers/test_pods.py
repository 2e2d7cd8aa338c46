"""What counts as a replica, and which pod goes first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reference_impl.controllers.pods import available_in_s, deletion_order, is_active, pod_from_template
from reference_impl.protocol import JsonObject

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def stamp(age_s: float) -> str:
    return (NOW - timedelta(seconds=age_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(
    uid: str, *, node: str | None = "node", phase: str = "Running", ready_s: float | None = 100, **more: Any
) -> JsonObject:
    conditions = [] if ready_s is None else [{"type": "Ready", "status": "True", "lastTransitionTime": stamp(ready_s)}]
    metadata = {"name": uid, "uid": uid, "creationTimestamp": stamp(1000), **more}
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": {"phase": phase, "conditions": conditions}}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pod("z", node=None, ready_s=None), pod("a", ready_s=None)),
        (pod("z", phase="Pending", ready_s=None), pod("a", ready_s=None)),
        (pod("z", ready_s=None), pod("a")),
        (pod("z", annotations={"controller.kubernetes.io/pod-deletion-cost": "-1"}), pod("a")),
        (pod("z", ready_s=10), pod("a", ready_s=20)),
        (pod("z", creationTimestamp=stamp(1)), pod("a", creationTimestamp=stamp(2))),
        (pod("a"), pod("z")),
    ],
    ids=["unassigned", "pending", "not ready", "cheap", "ready later", "newer", "uid"],
)
def test_who_goes_first(first: JsonObject, second: JsonObject) -> None:
    assert deletion_order([second, first]) == [first, second]
    assert deletion_order([first, second]) == [first, second]


def test_of_two_ready_pods_the_one_with_more_neighbours_goes_first() -> None:
    crowded, alone = pod("z", node="full"), pod("a", node="empty")
    assert deletion_order([alone, crowded], {"full": 2, "empty": 1}) == [crowded, alone]


def test_ended_and_deleting_pods_are_no_replicas() -> None:
    assert is_active(pod("a"))
    assert not is_active(pod("a", phase="Failed"))
    assert not is_active(pod("a", deletionTimestamp=stamp(0)))


def test_availability_begins_when_a_pod_has_been_ready_long_enough() -> None:
    assert available_in_s(pod("a", ready_s=10), 30, NOW) == 20
    assert available_in_s(pod("a", ready_s=30), 30, NOW) == 0
    assert available_in_s(pod("a", ready_s=None), 0, NOW) is None


def test_a_pod_from_a_template_has_its_labels_and_its_owner_and_shares_nothing() -> None:
    template = {"metadata": {"labels": {"a": "b"}, "name": "ignored"}, "spec": {"containers": [{"name": "c"}]}}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web", "namespace": "ns", "uid": "u"}}
    made = pod_from_template(template, owner)
    assert made["metadata"]["generateName"] == "web-"
    assert made["metadata"]["ownerReferences"][0]["controller"] is True
    made["spec"]["containers"][0]["name"] = "changed"
    assert template["spec"]["containers"][0]["name"] == "c"  # type: ignore[index]
