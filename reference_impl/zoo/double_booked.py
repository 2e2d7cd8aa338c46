"""Stale read: a scheduler that gives one place to two pods, because its cache does not show the first one there yet.

The bug: what it has bound itself counts only once the watch says so. Until then the node looks free, and the next pod
goes there as well. Real case: Kubernetes' scheduler assumes a pod to be on its node from the moment of the decision,
and has a history of what goes wrong where it does not, or forgets to: kubernetes#26043, #101877.

Weather: whatever keeps the binding from the scheduler's cache.
Caught by: `binds_within_observed_capacity`.
The twin books the place before it binds.
"""

from contextlib import suppress
from typing import Any

import trio

from reference_impl.errors import AlreadyExists, ApiError
from reference_impl.runtime import Client, Component, Part, Result
from reference_impl.zoo.entry import CACHE_BEHIND, Entry
from reference_impl.zoo.little_scheduler import PODS, LittleScheduler, binding, controller, node, pod

Json = dict[str, Any]
RETRY_S = 1.0


class BooksNothing(LittleScheduler):
    async def bind(self, pod: Json, node: str) -> Result | None:
        await self.client.create(binding(pod, node), subresource="binding")
        return None


class Nodes:
    """They register themselves, and say how much room they have."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def run(self) -> None:
        for name in ("n1", "n2"):
            while not await self._register(name):
                await self.client.sleep(RETRY_S)
        await trio.sleep_forever()

    async def _register(self, name: str) -> bool:
        room = {"pods": str(PODS)}
        try:
            with suppress(AlreadyExists):
                await self.client.create(node(name))
            body = {"status": {"allocatable": room, "capacity": room}}
            await self.client.patch("v1", "Node", name, body=body, subresource="status")
        except ApiError:
            return False
        return True


def wrong(client: Client) -> list[Part]:
    return _parts(client, BooksNothing(client))


def fixed(client: Client) -> list[Part]:
    return _parts(client, LittleScheduler(client))


def _parts(client: Client, scheduler: LittleScheduler) -> list[Part]:
    return [controller(scheduler), Component(name="nodes", run=Nodes(client).run)]


ENTRY = Entry(
    id="double-booked",
    property="binds_within_observed_capacity",
    faults=(*CACHE_BEHIND, "relist", "compaction", "reply_lost", "late_commit"),
    bug="https://github.com/kubernetes/kubernetes/issues/101877",
    tags=("stale read",),
    wrong=wrong,
    fixed=fixed,
    manifests=(pod("api"), pod("web")),
    trial_options={"workload": [], "built_ins": "none"},
)
