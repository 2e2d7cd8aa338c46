"""The mirror of the container runtime follows the runtime, and does not believe stale lists."""

from typing import Any

import trio

from reference_impl.external import ExternalSystem
from reference_impl.kubelet.containers import Containers
from reference_impl.protocol import ExternalCall, JsonObject


class Runtime:
    """The outside system, whose lists a test may freeze."""

    def __init__(self) -> None:
        self.system = ExternalSystem("containers/node-1")
        self.stale: JsonObject | None = None

    async def call(self, verb: str, key: str | None = None, body: JsonObject | None = None) -> JsonObject | None:
        if verb == "list" and self.stale is not None:
            return self.stale
        return self.system.handle(ExternalCall(system=self.system.name, verb=verb, key=key, body=body))


class FakeClient:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def external(self, system: str) -> Runtime:
        return self.runtime


POD = {"metadata": {"uid": "u", "name": "web", "namespace": "default"}}


def made() -> tuple[Runtime, Containers]:
    runtime = Runtime()
    client: Any = FakeClient(runtime)
    return runtime, Containers(client, "node-1")


def test_a_repeated_start_finds_what_runs() -> None:
    async def test() -> None:
        _, containers = made()
        first = await containers.start(POD, "2026-01-01T00:00:00Z")
        assert await containers.start(POD, "2026-01-01T00:00:09Z") == first
        assert containers.of(("default", "web")) == ["u"]

    trio.run(test)


def test_a_relist_finds_what_came_and_what_went() -> None:
    async def test() -> None:
        runtime, containers = made()
        await containers.start(POD, "2026-01-01T00:00:00Z")
        assert await containers.relist() == []
        await runtime.call("delete", "u")
        assert await containers.relist() == [("default", "web")]
        assert containers.get("u") is None
        await runtime.call("create", "v", {"namespace": "default", "name": "other", "state": "running"})
        assert await containers.relist() == [("default", "other")]

    trio.run(test)


def test_a_stale_list_is_not_believed() -> None:
    async def test() -> None:
        runtime, containers = made()
        runtime.stale = {"items": []}
        await containers.start(POD, "2026-01-01T00:00:00Z")
        assert await containers.relist() == []
        assert containers.get("u") is not None

    trio.run(test)


def test_removing_what_is_gone_is_done() -> None:
    async def test() -> None:
        _, containers = made()
        await containers.remove("u")
        assert containers.get("u") is None

    trio.run(test)
