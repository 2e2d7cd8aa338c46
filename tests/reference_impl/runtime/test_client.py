from typing import Any

import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import BadRequest, Conflict, NotFound
from reference_impl.protocol import ApiRequest
from reference_impl.runtime import Component, run_process
from tests.reference_impl.runtime.fakes import World, pod


def sent(world: World) -> ApiRequest:
    return world.server.requests[-1]


@trio_test
async def test_an_object_handed_in_stays_as_it_is_even_if_it_changes_while_the_request_travels() -> None:
    world = World()
    given = pod("a")
    await world.client.create(given)
    given["spec"]["x"] = 1
    assert sent(world).body["spec"] == {}
    assert "uid" not in given["metadata"]


@trio_test
async def test_what_is_returned_is_the_callers_own_copy() -> None:
    world = World()
    (await world.client.create(pod("a")))["spec"]["x"] = 1
    (await world.client.live.get("v1", "Pod", "a", "default"))["spec"]["x"] = 1
    (await world.client.live.list("v1", "Pod"))["items"][0]["spec"]["x"] = 1
    assert world.server.objects["Pod", "default", "a"]["spec"] == {}


@trio_test
async def test_a_kind_that_is_not_watched_is_read_live() -> None:
    world = World()
    world.server.put(pod("a"))
    assert (await world.client.get("v1", "Pod", "a", "default"))["metadata"]["name"] == "a"
    assert len(await world.client.list("v1", "Pod", "default", labels="x=y")) == 1
    assert [request.verb for request in world.server.requests] == ["get", "list"]
    assert sent(world).labels == "x=y"


@trio_test
async def test_a_kind_that_is_watched_is_read_from_the_cache_once_it_has_synced() -> None:
    world = World()
    world.server.put(pod("a"))

    async def main() -> None:
        world.client.informers.informer_for("v1", "Pod")
        await world.client.get("v1", "Pod", "a", "default")  # waits for the first list
        await world.client.list("v1", "Pod")

    await run_process(world.client, Component("agent", main))
    assert world.server.asked("get") == []
    assert len(world.server.asked("list")) == 1
    assert world.probe.reads == [("Pod", "default", "a"), ("Pod", None, None)]


@trio_test
async def test_a_subresource_is_read_live_even_if_the_kind_is_watched() -> None:
    world = World()
    world.server.put(pod("a"))

    async def main() -> None:
        world.client.informers.informer_for("v1", "Pod")
        await world.client.get("v1", "Pod", "a", "default", subresource="status")

    await run_process(world.client, Component("agent", main))
    assert [request.subresource for request in world.server.asked("get")] == ["status"]


@trio_test
async def test_an_update_is_conditional_on_the_resource_version_it_carries() -> None:
    world = World()
    created = await world.client.create(pod("a"))
    await world.client.update(created)
    with pytest.raises(Conflict):
        await world.client.update(created)


@trio_test
async def test_update_status_goes_to_the_status_subresource() -> None:
    world = World()
    await world.client.update_status(await world.client.create(pod("a")))
    assert (sent(world).verb, sent(world).subresource, sent(world).name) == ("update", "status", "a")


@trio_test
async def test_a_binding_goes_to_the_pod_that_it_names() -> None:
    world = World()
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "a", "namespace": "x"}, "target": {}}
    await world.client.create(binding, subresource="binding")
    assert (sent(world).kind, sent(world).name, sent(world).namespace) == ("Pod", "a", "x")
    assert sent(world).body["kind"] == "Binding"


@trio_test
async def test_a_scale_must_say_what_it_scales() -> None:
    world = World()
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a", "namespace": "default"}}
    with pytest.raises(BadRequest, match="parent="):
        await world.client.update(scale, subresource="scale")
    with pytest.raises(NotFound):
        await world.client.update(scale, subresource="scale", parent=("apps/v1", "Deployment"))
    assert (sent(world).api_version, sent(world).kind) == ("apps/v1", "Deployment")


@trio_test
async def test_delete_carries_its_preconditions_and_propagation() -> None:
    world = World()
    world.server.put(pod("a"))
    await world.client.delete(
        "v1", "Pod", "a", "default", uid="u", resource_version="7", propagation="Orphan", grace_period_s=0
    )
    request = sent(world)
    assert (request.precondition_uid, request.precondition_resource_version) == ("u", "7")
    assert (request.propagation, request.grace_period_s) == ("Orphan", 0)


@trio_test
async def test_patch_and_delete_collection_say_what_they_mean() -> None:
    world = World()
    world.server.put(pod("a"))
    await world.client.patch("v1", "Pod", "a", "default", body={"spec": {"x": 1}}, type="strategic", field_manager="me")
    assert (sent(world).patch_type, sent(world).field_manager) == ("strategic", "me")
    with pytest.raises(NotFound):
        await world.client.delete_collection("v1", "Pod", "default", labels="a=b")
    assert (sent(world).verb, sent(world).labels, sent(world).name) == ("deletecollection", "a=b", None)


@trio_test
async def test_an_empty_name_is_refused_before_it_addresses_the_whole_collection() -> None:
    world = World()
    with pytest.raises(BadRequest, match="name may not be empty"):
        await world.client.delete("v1", "Pod", "", "default")
    with pytest.raises(BadRequest, match="name may not be empty"):
        await world.client.get("v1", "Pod", "", "default")
    assert world.server.requests == []


@pytest.mark.parametrize("missing", ["kind", "apiVersion"])
def test_an_object_without_type_is_refused(missing: str) -> None:
    obj = {key: value for key, value in pod("a").items() if key != missing}
    with pytest.raises(BadRequest, match="is missing"):
        trio.run(World().client.create, obj)


@trio_test
async def test_every_request_says_who_asks() -> None:
    world = World()
    world.server.put(pod("a"))
    await world.client.get("v1", "Pod", "a", "default")
    await world.client.create(pod("b"))
    assert {request.user for request in world.server.requests} == {"website"}


@trio_test
async def test_an_outside_system_is_called_with_copies() -> None:
    world = World()
    body: dict[str, Any] = {"owner": "uid-1"}
    created = await world.client.external("dns").call("create", body=body)
    assert await world.client.external("dns").call("delete", "x-1") is None
    call = world.server.externals[0]
    assert (created, call.system, call.body) == ({"id": "x-1"}, "dns", body)
    assert call.body is not body


def test_uuids_come_from_the_process_own_randomness() -> None:
    first, second = World(seed=3).client.uuid4(), World(seed=3).client.uuid4()
    assert first == second
    assert first.version == 4


@trio_test
async def test_time_is_the_process_own_clock() -> None:
    world = World()
    await world.clock.elapse(90)
    assert world.client.now().isoformat() == "2030-01-01T00:01:30+00:00"
    assert world.client.monotonic_s() == 90
