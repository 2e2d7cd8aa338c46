"""Unobserved state: a scheduler that never hears of the end of a node, and goes on choosing it.

The bug: the scheduler's own list of nodes is kept by events. A watch that was down lists again afterwards, and whoever
looks only at what is in that list misses what is not in it any more. The dead node has room, is chosen, turns out not
to exist, and is chosen again. Real case: kubernetes#56261, told in HotOS'21 as an observability gap.

Weather: a watch that breaks and lists again, while the node goes.
Caught by: `converges` (a pod without a node, beside a node with room).
The twin strikes a node off its list as soon as it turns out not to exist.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Result
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.little_scheduler import LittleScheduler, controller, node, pod
from reference_impl.zoo.manifests import sleep

Json = dict[str, Any]
AGAIN_S = 10.0


class KeepsAList(LittleScheduler):
    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.names: dict[str, None] = {}
        self.nodes.add_handler(self.node_changed)

    def node_changed(self, event_type: str, old: Json | None, new: Json | None) -> None:
        if new is not None:
            self.names[new["metadata"]["name"]] = None
        elif old is not None and not self.nodes.final_state_unknown:
            self.names.pop(old["metadata"]["name"], None)

    def known_nodes(self) -> list[str]:
        return list(self.names)

    async def bind(self, pod: Json, node: str) -> Result | None:
        try:
            await self.client.live.get("v1", "Node", node)
        except NotFound:
            self.is_gone(node)
            return Result(requeue_after_s=AGAIN_S)
        return await super().bind(pod, node)

    def is_gone(self, node: str) -> None:
        """Its deletion will be announced."""


class StrikesItOff(KeepsAList):
    def is_gone(self, node: str) -> None:
        self.names.pop(node, None)


def wrong(client: Client) -> Controller:
    return controller(KeepsAList(client))


def fixed(client: Client) -> Controller:
    return controller(StrikesItOff(client))


ENTRY = Entry(
    id="binds-to-the-dead",
    property="converges",
    faults=(
        "watch_gap",
        "watch_cut",
        "relist",
        "compaction",
        "switch_server",
        "apiserver_crash",
        "partition",
    ),
    bug="https://github.com/kubernetes/kubernetes/issues/56261",
    tags=("unobserved state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(node("n1"), node("n2")),
    trial_options={
        "workload": [
            sleep(1),
            {"do": "delete", "api_version": "v1", "kind": "Node", "name": "n1"},
            sleep(10),
            {"do": "create", "object": pod("web")},
        ],
        "built_ins": "none",
    },
)
