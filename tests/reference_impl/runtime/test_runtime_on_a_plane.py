"""The runtime against the real API server: what the fake server cannot show."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio
import trio.testing

from reference_impl.errors import NotFound
from reference_impl.objects import owner_reference
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Watch, run_process


def config_map(name: str, **data: str) -> JsonObject:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def mirror(client: Client) -> Controller:
    """Keeps, for each ConfigMap with data, an owned Secret with the same data."""

    async def reconcile(request: Request) -> None:
        try:
            source = await client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            return
        wanted = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": request.name,
                "namespace": request.namespace,
                "ownerReferences": [owner_reference(source)],
            },
            "data": source["data"],
        }
        try:
            secret = await client.get("v1", "Secret", request.name, request.namespace)
        except NotFound:
            await client.create(wanted)
            return
        if secret.get("data") != source["data"]:
            await client.update({**secret, "data": source["data"]})

    return Controller("mirror", reconcile, [Watch("v1", "ConfigMap"), Watch("v1", "Secret", owner="ConfigMap")])


@asynccontextmanager
async def mirroring() -> AsyncIterator[Client]:
    async with trio.open_nursery() as nursery:
        plane = LocalPlane(RealClock(nursery))
        client = Client(plane.environment("mirror"))
        nursery.start_soon(run_process, client, mirror(client))
        yield Client(plane.environment("user"))
        nursery.cancel_scope.cancel()


def run(main: Callable[..., object]) -> None:
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))  # type: ignore[arg-type]  # an async function


def test_a_controller_follows_what_users_do_and_restores_what_they_delete() -> None:
    async def main() -> None:
        async with mirroring() as user:
            await user.create(config_map("a", x="MQ=="))
            await trio.sleep(1)
            assert (await user.get("v1", "Secret", "a", "default"))["data"] == {"x": "MQ=="}
            current = await user.get("v1", "ConfigMap", "a", "default")
            await user.update({**current, "data": {"x": "Mg=="}})
            await trio.sleep(1)
            assert (await user.get("v1", "Secret", "a", "default"))["data"] == {"x": "Mg=="}
            await user.delete("v1", "Secret", "a", "default")
            await trio.sleep(1)
            assert (await user.get("v1", "Secret", "a", "default"))["data"] == {"x": "Mg=="}

    run(main)


def test_an_event_can_be_recorded_and_counted_up() -> None:
    async def main() -> None:
        async with mirroring() as user:
            obj = await user.create(config_map("a", x="MQ=="))
            for _ in range(3):
                await user.record(obj, "Normal", "Seen", "once more")
            (event,) = await user.list("v1", "Event", "default")
            assert event["count"] == 3

    run(main)


def test_a_raw_watch_hears_of_what_happens_after_its_revision() -> None:
    async def main() -> None:
        async with mirroring() as user:
            start = (await user.live.list("v1", "ConfigMap"))["metadata"]["resourceVersion"]
            await user.create(config_map("a", x="MQ=="))
            event = await anext(user.watch("v1", "ConfigMap", "default", resource_version=start))
            assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")

    run(main)
