"""Reply lost: a scheduler that binds a pod for ever, although it has its node.

The bug: the bind takes effect, but its answer is lost. The scheduler takes the pod from its own queue again, as it was
when it came, without a node, and binds it again; the server refuses, since the pod has a node; and that is one more
failed bind, so it tries again. Real case: kubernetes#96579, where nobody looked at `nodeName` before the next attempt.

Weather: a bind that commits without its sender hearing of it; or a picture of the pod from before it was bound.
Caught by: `no_hot_loop`.
The twin looks at the pod before each attempt.
"""

from typing import Any

from reference_impl.errors import ApiError
from reference_impl.runtime import Client, Controller, Request, Result
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.little_scheduler import LittleScheduler, controller, node, pod

Json = dict[str, Any]
AGAIN_S = 0.025


class BindsWhatItQueued(LittleScheduler):
    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.queued: dict[Request, Json] = {}

    async def look(self, request: Request) -> Json | None:
        if request not in self.queued:
            found = await super().look(request)
            if found is None:
                return None
            self.queued[request] = found
        return self.queued[request]

    async def bind(self, pod: Json, node: str) -> Result | None:
        try:
            await super().bind(pod, node)
        except ApiError:
            return Result(requeue_after_s=AGAIN_S)
        self.queued.pop(Request(pod["metadata"]["namespace"], pod["metadata"]["name"]))
        return None


def wrong(client: Client) -> Controller:
    return controller(BindsWhatItQueued(client))


def fixed(client: Client) -> Controller:
    return controller(LittleScheduler(client))


ENTRY = Entry(
    id="bound-for-ever",
    property="no_hot_loop",
    faults=("reply_lost", "late_commit", "apiserver_crash", "partition"),
    bug="https://github.com/kubernetes/kubernetes/issues/96579",
    tags=("ambiguous commit", "hot loop"),
    wrong=wrong,
    fixed=fixed,
    manifests=(node("n1"), pod("web")),
    trial_options={"workload": [], "built_ins": "none"},
)
