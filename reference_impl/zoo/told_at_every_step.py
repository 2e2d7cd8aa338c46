"""Amplification: a controller that tells of its progress in sixty writes where one would do.

The bug: each step of the work is written to the object as it is done, so one change of a user's becomes a write a step,
and an event for each of them to everybody who watches. Real case: Tekton pipelines, where a task run that lived for
seconds cost 12 to 15 writes of its status.

Weather: none is needed.
Caught by: `writes_per_change_are_bounded`, in fair weather (opt-in: how much is too much is a matter of size).
The twin writes once, when the work is done.
"""

from contextlib import suppress

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, patch

STEPS = 60


class TellsAtTheEnd:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        with suppress(NotFound):
            copy = await self.client.live.get(API, "Copy", request.name, request.namespace)
            seen = copy["metadata"]["generation"]
            if is_deleting(copy) or (copy.get("status") or {}).get("observedGeneration") == seen:
                return
            for step in self.told():
                status = {"done": step, "observedGeneration": seen if step == STEPS else 0}
                copy = await self.client.update_status({**copy, "status": status})

    def told(self) -> range:
        return range(STEPS, STEPS + 1)


class TellsAtEveryStep(TellsAtTheEnd):
    def told(self) -> range:
        return range(1, STEPS + 1)


def wrong(client: Client) -> Controller:
    return Controller(name="copies", reconcile=TellsAtEveryStep(client).reconcile, watches=[Watch(API, "Copy")])


def fixed(client: Client) -> Controller:
    return Controller(name="copies", reconcile=TellsAtTheEnd(client).reconcile, watches=[Watch(API, "Copy")])


_COUNT = {"type": "integer"}

ENTRY = Entry(
    id="told-at-every-step",
    property="writes_per_change_are_bounded",
    faults=(),
    bug="https://github.com/tektoncd/pipeline/issues/10322",
    tags=("amplification",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Copy", {"size": _COUNT}, {"done": _COUNT, "observedGeneration": _COUNT}),
        custom("Copy", "archive", {"size": 1}),
    ),
    trial_options={
        "workload": [patch("Copy", "archive", {"size": 2})],
        "properties": ("writes_per_change_are_bounded", "converges", "idempotent", "no_panic"),
    },
    calm_silent=False,
)
