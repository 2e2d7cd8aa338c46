from typing import Any

from harness.canonical import agreement, canonical_state, differences
from reference_impl.protocol import JsonObject
from tests.harness.worlds import made, world


def state(objects: list[JsonObject], **options: Any) -> dict[str, Any]:
    return canonical_state(objects, {}, **options)


def test_two_runs_that_differ_in_names_and_places_only_are_equal() -> None:
    one, other = state(world(10, "5d4f8c7b9")), state(world(20, "7c9f6d8b5", node="node-1"))
    assert one == other
    assert differences(agreement([one]), other) == []


def test_order_in_the_store_does_not_matter() -> None:
    objects = world(10, "5d4f8c7b9")
    assert state(objects) == state(objects[::-1])


def test_generated_objects_are_a_lot_with_a_count() -> None:
    key = "Pod/default/* of ReplicaSet.apps/default/* of Deployment.apps/default/front"
    assert state(world(10, "5d4f8c7b9"))[key]["*count"] == 2


def test_history_is_no_state() -> None:
    objects = world(10, "5d4f8c7b9")
    old = made("ReplicaSet", "front-6b6b6b6b6", 40, owner=objects[1], spec={"replicas": 0})
    failed = made("Pod", "front-x-zzzzz", 41, owner=objects[2], generated=True, status={"phase": "Failed"})
    assert state([*objects, old, failed]) == state(objects)


def test_what_a_paused_object_has_come_to_is_history_and_that_it_is_paused_is_state() -> None:
    def paused(objects: list[JsonObject], value: bool = True) -> list[JsonObject]:
        objects[1]["spec"]["paused"] = value
        return objects

    half_way = paused([obj for obj in world(10, "5d4f8c7b9") if obj["kind"] not in ("ReplicaSet", "Pod")])
    half_way[1]["status"] = {"conditions": [{"type": "Available", "status": "False"}]}
    half_way[2]["data"] = {}
    there = paused(world(10, "5d4f8c7b9"))
    there[-1]["data"] = {}
    assert state(half_way) == state(there)
    assert state(there) != state(paused(there, value=False))


def test_a_jobs_succeeded_pods_are_history_and_its_count_of_them_is_state() -> None:
    def job(succeeded: int, *phases: str) -> list[JsonObject]:
        owner = made("Job", "sum", 1, spec={"completions": 1}, status={"succeeded": succeeded})
        pods = [
            made("Pod", f"sum-{i}xxxx", 2 + i, owner=owner, generated=True, status={"phase": phase})
            for i, phase in enumerate(phases)
        ]
        return [owner, *pods]

    assert state(job(1, "Succeeded", "Succeeded")) == state(job(1, "Succeeded"))
    assert state(job(1, "Succeeded", "Running")) != state(job(1, "Succeeded"))
    assert state(job(2, "Succeeded")) != state(job(1, "Succeeded"))


def test_a_succeeded_pod_of_anything_else_is_state() -> None:
    site = made("Website", "front", 1, spec={})
    done = made("Pod", "front-xxxxx", 2, owner=site, generated=True, status={"phase": "Succeeded"})
    assert state([site, done]) != state([site])


def test_volatile_fields_and_kinds_are_left_out() -> None:
    site = made("Website", "front", 1, spec={}, status={"seen": {"n": 1}, "list": [{"n": 1}], "ok": True})
    leaves = state([site], volatile=["Website.status.seen", "Website.status.list.n"])
    assert leaves["Website.example.com/default/front"] == {
        "metadata.name": "front", "metadata.namespace": "default", "status.ok": True,
    }  # fmt: skip
    assert state([site], volatile=["Website"]) == {}
