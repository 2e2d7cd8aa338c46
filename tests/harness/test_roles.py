from typing import Any

from harness.canonical import canonical_state, object_key
from reference_impl.protocol import JsonObject
from tests.harness.worlds import made, uid, world


def state(objects: list[JsonObject], **options: Any) -> dict[str, Any]:
    return canonical_state(objects, {}, **options)


def test_generated_names_uids_and_addresses_are_replaced_inside_strings() -> None:
    text = state(world(10, "5d4f8c7b9"))["ConfigMap/default/note"]["data.first"]
    pod = "Pod/default/* of ReplicaSet.apps/default/* of Deployment.apps/default/front"
    assert text == f"pod <{pod}> (<uid of {pod}>) at <pod IP>"


def test_children_with_chosen_names_keep_them() -> None:
    site = made("Website", "front", 1, spec={})
    child = made("ConfigMap", "front-settings", 2, owner=site, data={})
    assert "ConfigMap/default/front-settings" in state([site, child])


def test_a_name_made_of_a_known_uid_is_stable() -> None:
    one, other = (
        state([site := made("Website", "front", n, spec={}), made("ConfigMap", f"c-{uid(n)}", n + 1, owner=site)])
        for n in (1, 5)
    )
    assert one == other
    assert "ConfigMap/default/c-<uid of Website.example.com/default/front>" in one


def test_outside_items_are_named_by_their_owner() -> None:
    def outside(number: int, item_id: str) -> dict[str, Any]:
        site = made("Website", "front", number, spec={}, status={"lb": item_id})
        return canonical_state([site], {"cloud": [{"id": item_id, "owner": uid(number), "size": 1}]})

    one, other = outside(1, "ext-1"), outside(2, "ext-5")
    assert one == other
    assert one["Website.example.com/default/front"]["status.lb"] == "<cloud/* of Website.example.com/default/front>"
    keyed = canonical_state([made("Website", "front", 1, spec={})], {"cloud": [{"id": uid(1)}], "containers/n": []})
    assert "cloud/<uid of Website.example.com/default/front>" in keyed


def test_keys_can_be_made_without_the_object() -> None:
    assert object_key("apps/v1", "Deployment", "default", "front") in state(world(10, "5d4f8c7b9"))
    assert object_key("v1", "Node", None, "node-0") == "Node/node-0"


def test_owner_cycles_end() -> None:
    one = made("ConfigMap", "a-bcdfg", 1, data={})
    other = made("ConfigMap", "a", 2, owner=one, data={})
    one["metadata"]["ownerReferences"] = [{**other["metadata"]["ownerReferences"][0], "uid": uid(2), "name": "a"}]
    assert len(state([one, other])) == 2
