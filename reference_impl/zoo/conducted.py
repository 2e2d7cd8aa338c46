"""Autonomy: a controller that tells three others what to do, step by step, and waits for each.

The bug: a baker makes a Dough, waits until it is kneaded, makes a Loaf, waits until it is baked, and so on. Nothing is
ever wrong with the bread. But nothing happens without the baker either: when he is down, dough that is ready stays
where it is, and every new step is a change of his. Kubernetes' documentation asks for the opposite, simple controllers
that are not interlinked. Not after one bug: it is a design.

Weather: none is needed.
Caught by: `no_coordinator`, in fair weather (opt-in: who wants an orchestra has one).
The twin says once what is to come, and each worker makes the next step when his own is done.
"""

from contextlib import suppress
from typing import Any

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, custom, definition, is_deleting, reference_to

Json = dict[str, Any]
STEPS = ("Dough", "Loaf", "Delivery")
BY_WORKER = {"from": "worker"}
"""Label of steps that a worker made; it looks after no others."""


async def _found(client: Client, kind: str, request: Request) -> Json | None:
    with suppress(NotFound):
        found: Json = await client.live.get(API, kind, request.name, request.namespace)
        return None if is_deleting(found) else found
    return None


async def _make(client: Client, kind: str, request: Request, owner: Json, then: list[str], labels: Json) -> None:
    owners = [reference_to(owner)]
    metadata = {"name": request.name, "namespace": request.namespace, "ownerReferences": owners, "labels": labels}
    with suppress(AlreadyExists):
        await client.create({"apiVersion": API, "kind": kind, "metadata": metadata, "spec": {"then": then}})


async def _finish(client: Client, found: Json) -> None:
    if not (found.get("status") or {}).get("done"):
        await client.update_status({**found, "status": {"done": True}})


def conductor(client: Client) -> Controller:
    async def reconcile(request: Request) -> None:
        order = await _found(client, "Order", request)
        if order is None:
            return
        for kind in STEPS:
            step = await _found(client, kind, request)
            if step is None:
                await _make(client, kind, request, order, [], {})
                return
            if not (step.get("status") or {}).get("done"):
                return

    watches = [Watch(API, "Order"), *(Watch(API, kind, owner="Order") for kind in STEPS)]
    return Controller(name="baker", reconcile=reconcile, watches=watches)


def taker(client: Client) -> Controller:
    async def reconcile(request: Request) -> None:
        order = await _found(client, "Order", request)
        if order is not None:
            await _make(client, STEPS[0], request, order, list(STEPS[1:]), {})

    watches = [Watch(API, "Order"), Watch(API, STEPS[0], owner="Order")]
    return Controller(name="baker", reconcile=reconcile, watches=watches)


def _worker(client: Client, name: str, kind: str) -> Controller:
    async def reconcile(request: Request) -> None:
        step = await _found(client, kind, request)
        if step is None:
            return
        await _finish(client, step)
        if step["spec"]["then"]:
            following, *then = step["spec"]["then"]
            await _make(client, following, request, step, then, BY_WORKER)

    watches = [Watch(API, kind)]
    if kind != STEPS[-1]:
        watches.append(Watch(API, STEPS[STEPS.index(kind) + 1], owner=kind, labels="from=worker"))
    return Controller(name=name, reconcile=reconcile, watches=watches)


def kneads(client: Client) -> Controller:
    return _worker(client, "kneads", "Dough")


def bakes(client: Client) -> Controller:
    return _worker(client, "bakes", "Loaf")


def delivers(client: Client) -> Controller:
    return _worker(client, "delivers", "Delivery")


_THEN = {"then": {"type": "array", "items": {"type": "string"}}}

ENTRY = Entry(
    id="conducted",
    property="no_coordinator",
    faults=(),
    bug="https://kubernetes.io/docs/concepts/architecture/controller/#design",
    tags=("coordinator",),
    wrong=conductor,
    fixed=taker,
    beside=tuple(f"{__name__}:{worker}" for worker in ("kneads", "bakes", "delivers")),
    manifests=(
        definition("Order", {"count": {"type": "integer"}}),
        *(definition(step, _THEN, {"done": {"type": "boolean"}}) for step in STEPS),
        custom("Order", "breakfast", {"count": 2}),
    ),
    trial_options={"workload": [], "properties": ("no_coordinator", "converges", "idempotent", "no_panic")},
    calm_silent=False,
)
