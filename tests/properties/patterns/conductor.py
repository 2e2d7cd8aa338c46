"""A baker's orders, twice: a conductor who tells three workers what to do and waits for each, and a choreography
without him.

The steps are custom kinds. A worker does its step when it finds one: it marks it as done.
"""

from contextlib import suppress
from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, reference_to

Json = dict[str, Any]
STEPS = ("Dough", "Loaf", "Delivery")
_DONE = {"done": {"type": "boolean"}}
MANIFESTS = (
    definition("Order", {"count": {"type": "integer"}}, _DONE),
    *(definition(step, {"count": {"type": "integer"}}, _DONE) for step in STEPS),
    custom("Order", "breakfast", {"count": 2}),
)


class Step:
    """Makes the next step out of what is done of the last one."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def found(self, kind: str, request: Request) -> Json | None:
        with suppress(NotFound):
            found: Json = await self.client.live.get(API, kind, request.name, request.namespace)
            return None if is_deleting(found) else found
        return None

    async def make(self, kind: str, request: Request, owner: Json) -> None:
        metadata = {"name": request.name, "namespace": request.namespace, "ownerReferences": [reference_to(owner)]}
        with suppress(AlreadyExists):
            await self.client.create({"apiVersion": API, "kind": kind, "metadata": metadata, "spec": owner["spec"]})

    async def finish(self, found: Json) -> None:
        if not (found.get("status") or {}).get("done"):
            await self.client.update_status({**found, "status": {"done": True}})


class Conductor(Step):
    async def reconcile(self, request: Request) -> None:
        order = await self.found("Order", request)
        if order is None:
            return
        for kind in STEPS:
            step = await self.found(kind, request)
            if step is None:
                await self.make(kind, request, order)
                return
            if not (step.get("status") or {}).get("done"):
                return
        await self.finish(order)


class Worker(Step):
    def __init__(self, client: Client, kind: str, following: str | None) -> None:
        super().__init__(client)
        self.kind = kind
        self.following = following

    async def reconcile(self, request: Request) -> None:
        step = await self.found(self.kind, request)
        if step is None:
            return
        await self.finish(step)
        if self.following is not None:
            await self.make(self.following, request, step)


def conductor(client: Client) -> Controller:
    watches = [Watch(API, "Order"), *(Watch(API, kind, owner="Order") for kind in STEPS)]
    return Controller(name="conductor", reconcile=Conductor(client).reconcile, watches=watches)


def taker(client: Client) -> Controller:
    """Of the choreography: who takes orders makes dough, and hears of nothing else."""

    async def reconcile(request: Request) -> None:
        step = Step(client)
        order = await step.found("Order", request)
        if order is not None:
            await step.make("Dough", request, order)

    return Controller(
        name="taker", reconcile=reconcile, watches=[Watch(API, "Order"), Watch(API, "Dough", owner="Order")]
    )


def _worker(client: Client, number: int, following: str | None) -> Controller:
    kind = STEPS[number]
    watches = [Watch(API, kind)]
    if following is not None:
        watches.append(Watch(API, following, owner=kind))
    return Controller(name=kind.lower(), reconcile=Worker(client, kind, following).reconcile, watches=watches)


def kneads(client: Client) -> Controller:
    return _worker(client, 0, None)


def bakes(client: Client) -> Controller:
    return _worker(client, 1, None)


def delivers(client: Client) -> Controller:
    return _worker(client, 2, None)


def kneads_on(client: Client) -> Controller:
    return _worker(client, 0, "Loaf")


def bakes_on(client: Client) -> Controller:
    return _worker(client, 1, "Delivery")


ORCHESTRA = (conductor, kneads, bakes, delivers)
CHOREOGRAPHY = (taker, kneads_on, bakes_on, delivers)


class CountsUp(Step):
    """An amplifier: tells of its progress in twenty writes where one would do."""

    async def reconcile(self, request: Request) -> None:
        order = await self.found("Order", request)
        if order is None or (order.get("status") or {}).get("done"):
            return
        for number in range(60):
            metadata = {**order["metadata"], "annotations": {"progress": str(number)}}
            order = await self.client.update({**order, "metadata": metadata})
        await self.finish(order)


def counts_up(client: Client) -> Controller:
    return Controller(name="counts-up", reconcile=CountsUp(client).reconcile, watches=[Watch(API, "Order")])
