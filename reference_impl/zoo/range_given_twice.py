"""Given twice: an allocator that puts a range back when it could not write it down, and then writes it down.

The bug: the write of a Node's pod range fails, so the range goes back to the free ones; the next try does not ask for
another, it uses the one that it has. Meanwhile the range has gone to the next Node, and two nodes route one range. Real
case: the node allocator of Azure's cloud provider (cloud-provider-azure#4556); kubernetes#29058 looked the same.

Weather: whatever makes the write fail, with effect or without.
Caught by: `unique_allocations`.
The twin keeps a range for its Node until that is gone.
"""

from typing import Any

from reference_impl.errors import ApiError, NotFound
from reference_impl.runtime import Client, Controller, Request, Retry, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import sleep

Json = dict[str, Any]
RETRY_S = 5.0


class PutsItBack:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.given: dict[str, str] | None = None
        """By Node. None: not looked up yet in this life."""
        self.free: list[str] = []

    async def reconcile(self, request: Request) -> None:
        given = self.given if self.given is not None else await self._look_up()
        try:
            node = await self.client.live.get("v1", "Node", request.name)
        except NotFound:
            if request.name in given:
                self.free.append(given.pop(request.name))
            return
        held = (node.get("spec") or {}).get("podCIDR")
        if held:
            given[request.name] = held
        else:
            await self._give(node, given)

    async def _look_up(self) -> dict[str, str]:
        """What earlier lives gave."""
        nodes = (await self.client.live.list("v1", "Node"))["items"]
        found = {node["metadata"]["name"]: (node.get("spec") or {}).get("podCIDR") for node in nodes}
        self.given = {name: range_ for name, range_ in found.items() if range_}
        return self.given

    def _take(self, given: dict[str, str]) -> str:
        """One that was put back; else any that nobody has, so that two lives hardly ever think of the same."""
        while not self.free:
            high, low = self.client.random.randrange(256), self.client.random.randrange(256)
            if f"10.{high}.{low}.0/24" not in given.values():
                self.free.append(f"10.{high}.{low}.0/24")
        return self.free.pop()

    async def _give(self, node: Json, given: dict[str, str]) -> None:
        name = node["metadata"]["name"]
        if name not in given:
            given[name] = self._take(given)
        try:
            await self.client.update({**node, "spec": {**(node.get("spec") or {}), "podCIDR": given[name]}})
        except ApiError:
            self.failed(given[name])
            raise Retry(RETRY_S, reason=f"the range of {name} could not be written") from None

    def failed(self, range_: str) -> None:
        self.free.append(range_)


class KeepsIt(PutsItBack):
    def failed(self, range_: str) -> None:
        return


def wrong(client: Client) -> Controller:
    return _controller(PutsItBack(client))


def fixed(client: Client) -> Controller:
    return _controller(KeepsIt(client))


def _controller(allocator: PutsItBack) -> Controller:
    return Controller(name="ranges", reconcile=allocator.reconcile, watches=[Watch("v1", "Node")])


def _node(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


ENTRY = Entry(
    id="range-given-twice",
    property="unique_allocations",
    faults=(
        "throttled",
        "refused",
        "not_ready",
        "server_error",
        "reply_lost",
        "late_commit",
        "conflict_race",
        "partition",
        "apiserver_crash",
        "permission_revoked",
        "admission_denied",
    ),
    bug="https://github.com/kubernetes-sigs/cloud-provider-azure/issues/4556",
    tags=("allocation", "lost update", "ambiguous commit"),
    wrong=wrong,
    fixed=fixed,
    manifests=tuple(_node(name) for name in ("node-a", "node-b", "node-c")),
    trial_options={"workload": [sleep(8)], "built_ins": "none"},
)
