"""Packing endpoints into slices, on hand-made pods."""

from reference_impl.controllers.endpoints import MAX_ENDPOINTS, Changes, changes_for
from reference_impl.objects import copy_json, name_of
from reference_impl.protocol import JsonObject

SERVICE: JsonObject = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "front", "namespace": "default", "uid": "u-front"},
    "spec": {"selector": {"app": "front"}, "ports": [{"port": 80}]},
}


def pod(number: int, *, ready: bool = True) -> JsonObject:
    return {
        "metadata": {"name": f"p{number:03}", "namespace": "default", "uid": f"u{number}"},
        "status": {
            "phase": "Running",
            "podIP": f"10.0.0.{number}",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def apply(slices: list[JsonObject], changes: Changes) -> list[JsonObject]:
    """The slices after the changes, as a server would have them."""
    kept = {name_of(one): one for one in slices}
    for gone in changes.delete:
        del kept[name_of(gone)]
    for changed in changes.update:
        kept[name_of(changed)] = changed
    for new in copy_json(changes.create):
        new["metadata"]["name"] = f"front-{len(kept)}"
        kept[name_of(new)] = new
    return list(kept.values())


def sizes(slices: list[JsonObject]) -> list[int]:
    return sorted(len(one["endpoints"]) for one in slices)


def test_applying_the_changes_leaves_nothing_to_change() -> None:
    pods = [pod(number) for number in range(205)]
    slices = apply([], changes_for(SERVICE, pods, []))
    assert sizes(slices) == [5, MAX_ENDPOINTS, MAX_ENDPOINTS]
    assert not changes_for(SERVICE, pods, slices)


def test_a_new_pod_changes_one_slice_only() -> None:
    pods = [pod(number) for number in range(150)]
    slices = apply([], changes_for(SERVICE, pods, []))
    changes = changes_for(SERVICE, [*pods, pod(150)], slices)
    assert (len(changes.create), len(changes.update), len(changes.delete)) == (0, 1, 0)


def test_a_pod_that_changes_stays_in_its_slice() -> None:
    pods = [pod(number) for number in range(150)]
    slices = apply([], changes_for(SERVICE, pods, []))
    changes = changes_for(SERVICE, [pod(0, ready=False), *pods[1:]], slices)
    (changed,) = changes.update
    assert len(changed["endpoints"]) == MAX_ENDPOINTS


def test_the_last_pod_leaves_a_placeholder_behind() -> None:
    slices = apply([], changes_for(SERVICE, [pod(1)], []))
    after = apply(slices, changes_for(SERVICE, [], slices))
    assert [(one["endpoints"], one["ports"]) for one in after] == [([], [])]
    assert not changes_for(SERVICE, [], after)


def test_a_slice_of_an_earlier_service_is_taken_over() -> None:
    earlier = {**SERVICE, "metadata": {**SERVICE["metadata"], "uid": "u-earlier"}}
    slices = apply([], changes_for(earlier, [pod(1)], []))
    (changed,) = changes_for(SERVICE, [pod(1)], slices).update
    assert [owner["uid"] for owner in changed["metadata"]["ownerReferences"]] == ["u-front"]


def test_unready_pods_are_published_if_the_service_says_so() -> None:
    eager = {**SERVICE, "spec": {**SERVICE["spec"], "publishNotReadyAddresses": True}}
    (new,) = changes_for(eager, [pod(1, ready=False)], []).create
    assert new["endpoints"][0]["conditions"] == {"ready": True, "serving": False, "terminating": False}
