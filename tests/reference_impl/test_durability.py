"""A cluster whose store outlives it, or is shared with another."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from reference_impl import cluster
from reference_impl.apiserver.http.listener import open_listeners
from reference_impl.cluster import Access, run_cluster
from reference_impl.durability import AnyStore, Storage, attend
from reference_impl.errors import Gone, InternalError
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import ApiRequest, WatchEvent
from reference_impl.runtime import Component
from tests.reference_impl.apiserver.conftest import crd
from tests.reference_impl.store.etcd_process import Cluster
from tests.reference_impl.test_cluster import DEPLOYMENT

Test = Callable[[LocalPlane], Awaitable[None]]
WEBSITE = {"apiVersion": "example.com/v1", "kind": "Website", "metadata": {"name": "a", "namespace": "default"}}
PODS = ApiRequest(verb="list", api_version="v1", kind="Pod", namespace="default")
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}


def live(storage: Storage, test: Test) -> None:
    """One life of a cluster over this storage, in virtual time."""

    async def main(store: AnyStore) -> None:
        async with trio.open_nursery() as nursery:
            access = Access(listeners=await open_listeners("127.0.0.1", 0))
            start = lambda task_status: run_cluster(access, store=store, nodes=1, task_status=task_status)  # noqa: E731
            await test(await nursery.start(start))
            nursery.cancel_scope.cancel()

    with storage.opened() as store:
        trio.run(main, store, clock=trio.testing.MockClock(autojump_threshold=0.02))


async def ask(plane: LocalPlane, verb: str, obj: dict[str, Any], **options: Any) -> dict[str, Any]:
    metadata = obj["metadata"]
    body = obj if verb in ("create", "update") else None
    request = ApiRequest(
        verb=verb,
        api_version=obj["apiVersion"],
        kind=obj["kind"],
        namespace=metadata.get("namespace"),
        name=metadata["name"] if verb != "create" else None,
        **({"body": body} | options),
    )
    return await plane.transport().request(request)


async def until_ready(plane: LocalPlane, replicas: int) -> None:
    for _ in range(300):
        found = await ask(plane, "get", DEPLOYMENT)
        if found["status"].get("readyReplicas") == replicas == found["status"].get("replicas"):
            return
        await trio.sleep(1)
    pytest.fail(f"{found['status']} and not {replicas} ready replicas after 300 virtual seconds")


async def until_restarted(plane: LocalPlane) -> None:
    """Containers do not outlive the process: the kubelet starts them again."""
    for _ in range(300):
        pods = (await plane.transport().request(PODS))["items"]
        if [pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods] == [1]:
            return
        await trio.sleep(1)
    pytest.fail(f"{[pod['status'] for pod in pods]} after 300 virtual seconds")


async def watch(plane: LocalPlane, obj: dict[str, Any], since: int) -> list[WatchEvent]:
    events: list[WatchEvent] = []
    request = ApiRequest(verb="watch", api_version=obj["apiVersion"], kind=obj["kind"], resource_version=str(since))
    await plane.transport().watch(request, events.append, lambda error: None)
    return events


def tell_two_lives(storage: Storage) -> None:
    """Objects, kinds, watches and controllers go on over a restart."""
    seen = 0

    async def first(plane: LocalPlane) -> None:
        nonlocal seen
        seen = plane.store.revision
        await ask(plane, "create", crd())
        await ask(plane, "create", WEBSITE)
        await ask(plane, "create", {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replicas": 1}})
        await until_ready(plane, 1)

    async def second(plane: LocalPlane) -> None:
        assert (await ask(plane, "get", WEBSITE))["kind"] == "Website"
        events = await watch(plane, WEBSITE, seen)
        assert [(event.type, event.object["metadata"]["name"]) for event in events] == [("ADDED", "a")]
        await until_restarted(plane)
        before = await ask(plane, "get", DEPLOYMENT)
        await ask(plane, "update", {**before, "spec": {**before["spec"], "replicas": 2}})
        await until_ready(plane, 2)

    live(storage, first)
    live(storage, second)


def test_objects_kinds_watches_and_controllers_outlive_a_cluster_on_disk(tmp_path: Path) -> None:
    tell_two_lives(Storage(data_dir=tmp_path))


@pytest.mark.slow
def test_objects_kinds_watches_and_controllers_outlive_a_cluster_on_etcd(one_etcd: Cluster, prefix: str) -> None:
    tell_two_lives(Storage(etcd=one_etcd.endpoints, etcd_prefix=prefix))


def test_a_watch_from_before_what_is_kept_of_the_past_is_gone(tmp_path: Path) -> None:
    seen = 0

    async def first(plane: LocalPlane) -> None:
        nonlocal seen
        seen = plane.store.revision
        await ask(plane, "create", CONFIG_MAP)
        plane.store.compact(plane.store.revision)

    async def second(plane: LocalPlane) -> None:
        with pytest.raises(Gone):
            await watch(plane, CONFIG_MAP, seen)

    live(Storage(data_dir=tmp_path), first)
    live(Storage(data_dir=tmp_path), second)


# ---------------------------------------------------------------------------------------------------------- with others


def share(etcd: Cluster, prefix: str, test: Callable[[LocalPlane, LocalPlane], Awaitable[None]]) -> None:
    """Two planes on one etcd, in real time."""

    async def main(stores: list[AnyStore]) -> None:
        async with trio.open_nursery() as nursery:
            planes = [LocalPlane(RealClock(nursery), seed=number, store=store) for number, store in enumerate(stores)]
            for plane in planes:
                await nursery.start(lambda task_status, plane=plane: attend(plane, task_status=task_status))
            await test(*planes)
            nursery.cancel_scope.cancel()

    storage = Storage(etcd=etcd.endpoints, etcd_prefix=prefix)
    with storage.opened() as ours, storage.opened() as theirs:
        trio.run(main, [ours, theirs])


async def _next(events: "trio.MemoryReceiveChannel[WatchEvent]") -> WatchEvent:
    with trio.fail_after(120):
        return await events.receive()


@pytest.mark.slow
def test_what_another_server_writes_reaches_watches_though_nobody_asks(one_etcd: Cluster, prefix: str) -> None:
    async def test(ours: LocalPlane, theirs: LocalPlane) -> None:
        send, receive = trio.open_memory_channel[WatchEvent](10)
        request = ApiRequest(verb="watch", api_version="v1", kind="ConfigMap", resource_version="0")
        await ours.transport().watch(request, send.send_nowait, lambda error: None)
        await ask(theirs, "create", CONFIG_MAP)
        assert (await _next(receive)).object["metadata"]["name"] == "a"

    share(one_etcd, prefix, test)


@pytest.mark.slow
def test_a_kind_that_another_server_was_given_is_served_here_and_withdrawn_again(
    one_etcd: Cluster, prefix: str
) -> None:
    async def test(ours: LocalPlane, theirs: LocalPlane) -> None:
        send, receive = trio.open_memory_channel[WatchEvent](10)
        definitions = ApiRequest(
            verb="watch", api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition", resource_version="0"
        )
        await ours.transport().watch(definitions, send.send_nowait, lambda error: None)
        await ask(theirs, "create", crd())
        assert (await _next(receive)).type == "ADDED"
        await ask(ours, "create", WEBSITE)
        assert (await ask(theirs, "get", WEBSITE))["kind"] == "Website"
        await ask(theirs, "delete", crd())
        while (await _next(receive)).type != "DELETED":
            pass
        assert ours.kinds.find("example.com/v1", "Website") is None

    share(one_etcd, prefix, test)


@pytest.mark.slow
def test_after_a_gap_kinds_and_caches_are_those_of_the_store(one_etcd: Cluster, prefix: str) -> None:
    async def test(ours: LocalPlane, theirs: LocalPlane) -> None:
        await ask(ours, "create", CONFIG_MAP)
        closed: list[object] = []
        request = ApiRequest(verb="watch", api_version="v1", kind="ConfigMap", resource_version="0")
        await ours.transport().watch(request, lambda event: None, closed.append)
        await ask(theirs, "create", crd())
        await ask(theirs, "delete", CONFIG_MAP)
        # As if others had compacted their events before we heard them (test_etcd.py makes that happen).
        ours.store._has_gap = True
        found = await ask(ours, "get", crd())
        assert found["kind"] == "CustomResourceDefinition"
        await ask(ours, "create", WEBSITE)
        listed = await ours.transport().request(
            ApiRequest(verb="list", api_version="v1", kind="ConfigMap", namespace="default", resource_version="0")
        )
        assert (listed["items"], closed) == ([], [None])

    share(one_etcd, prefix, test)


@pytest.mark.slow
def test_an_etcd_that_is_down_is_an_error_that_passes(one_etcd: Cluster, prefix: str) -> None:
    async def test(ours: LocalPlane, theirs: LocalPlane) -> None:
        await ask(ours, "create", CONFIG_MAP)
        one_etcd.kill(0)
        with pytest.raises(InternalError, match="did not answer") as refused:
            await ask(ours, "get", CONFIG_MAP)
        assert refused.value.definite
        one_etcd.start(0)
        one_etcd.wait_ready(0)
        assert (await ask(ours, "get", CONFIG_MAP))["kind"] == "ConfigMap"

    share(one_etcd, prefix, test)


@pytest.mark.slow
def test_components_run_in_one_of_two_clusters_and_in_the_other_when_it_has_gone(
    one_etcd: Cluster, prefix: str
) -> None:
    started: list[str] = []

    def factory(name: str) -> Callable[[object], Component]:
        async def run() -> None:
            started.append(name)
            await trio.sleep_forever()

        return lambda client: Component(name="probe", run=run)

    async def main(stores: list[AnyStore]) -> None:
        async with trio.open_nursery() as nursery:
            scopes = []
            for number, store in enumerate(stores):
                plane = LocalPlane(RealClock(nursery), seed=number, store=store)
                scopes.append(trio.CancelScope())
                nursery.start_soon(_components, scopes[-1], plane, {"probe": factory(f"cluster {number}")})
                await trio.sleep(1)
            await trio.sleep(60)
            assert started == ["cluster 0"]
            scopes[0].cancel()
            await trio.sleep(60)
            assert started == ["cluster 0", "cluster 1"]
            nursery.cancel_scope.cancel()

    async def _components(scope: trio.CancelScope, plane: LocalPlane, programs: dict[str, Any]) -> None:
        with scope:
            await cluster.run_components(plane, programs, {})

    storage = Storage(etcd=one_etcd.endpoints, etcd_prefix=prefix)
    with storage.opened() as ours, storage.opened() as theirs:
        trio.run(main, [ours, theirs], clock=trio.testing.MockClock(autojump_threshold=0.02))
