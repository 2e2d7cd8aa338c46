"""Finalizer for ever: a batch controller that declares a batch finished before it lets go of its parts.

The bug: parts carry a tracking finalizer until they are counted. The controller writes "finished" first and takes the
finalizers off then; and as nothing is left to do for a finished batch, nobody does it after a crash. Such a part can
never be deleted. Real case: Kubernetes' Job controller declared Jobs finished while finalizers were left on their pods,
which then were stuck.

Weather: a crash between the two steps. Requests that merely fail are tried again on the spot.
Caught by: `deletions_finish`.
The twin lets go first, and a batch that is finished is no reason not to look.
"""

from typing import Any

from reference_impl.errors import ApiError, Conflict, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, custom, definition, delete, is_deleting, sleep

Json = dict[str, Any]
TRACKED = "zoo.seatrial.dev/tracked"
RETRY_S = 1.0
PACE_S = 2.0
"""Between parts that are let go of, so that a large batch does not flood the server."""


class FinishesFirst:
    """Tracks all parts, counts them (they are done as soon as they are there), and lets go of them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            batch = await self.client.live.get(API, "Batch", request.name, request.namespace)
        except NotFound:
            return
        if (batch.get("status") or {}).get("finished"):
            await self.look_after(request)
            return
        for part in await self.parts():
            if not is_deleting(part) and TRACKED not in _finalizers(part):
                part["metadata"]["finalizers"] = [*_finalizers(part), TRACKED]
                await self.client.update(part)
        await self.finish(request)

    async def finish(self, request: Request) -> None:
        await self.declare(request)
        await self.let_go()

    async def look_after(self, request: Request) -> None:
        """Of a finished batch: nothing is left to do."""

    async def parts(self) -> list[Json]:
        items: list[Json] = (await self.client.live.list(API, "Part", NAMESPACE))["items"]
        return items

    async def declare(self, request: Request) -> None:
        """As often as it takes."""
        body = {"status": {"finished": True}}
        while True:
            try:
                await self.client.patch(API, "Batch", request.name, request.namespace, body=body, subresource="status")
                return
            except NotFound:
                return
            except ApiError:
                await self.client.sleep(RETRY_S)

    async def let_go(self) -> None:
        """Of all parts, as often as it takes."""
        while True:
            try:
                for part in await self.parts():
                    if TRACKED in _finalizers(part):
                        part["metadata"]["finalizers"].remove(TRACKED)
                        await self.client.update(part)
                        await self.client.sleep(PACE_S)
                return
            except (Conflict, NotFound):
                continue
            except ApiError:
                await self.client.sleep(RETRY_S)


class LetsGoFirst(FinishesFirst):
    async def finish(self, request: Request) -> None:
        await self.let_go()
        await self.declare(request)

    async def look_after(self, request: Request) -> None:
        await self.let_go()


def _finalizers(part: Json) -> list[str]:
    return part["metadata"].get("finalizers") or []


def wrong(client: Client) -> Controller:
    return _controller(FinishesFirst(client))


def fixed(client: Client) -> Controller:
    return _controller(LetsGoFirst(client))


def _controller(reconciler: FinishesFirst) -> Controller:
    return Controller(name="batch", reconcile=reconciler.reconcile, watches=[Watch(API, "Batch")])


ENTRY = Entry(
    id="finished-too-early",
    property="deletions_finish",
    faults=("crash", "late_commit", "time_travel"),
    bug="https://github.com/kubernetes/kubernetes/pull/119159",
    culprit="never lets go of Part",
    tags=("crash between two writes", "finalizer"),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Batch", {}, {"finished": {"type": "boolean"}}),
        definition("Part", {}),
        custom("Part", "north", {}),
        custom("Part", "south", {}),
        custom("Batch", "import", {}),
    ),
    trial_options={"workload": [sleep(10), delete("Part", "north"), delete("Part", "south")]},
)
