"""Unobserved state: an installer whose pass waits until it hears that its task is running, however long that takes.

The bug: the pass blocks until an event shows the task in the phase "Running". If the watch breaks and lists again, the
task may be past that by then: nobody ever says the word, and the pass never returns. Its key is not reconciled again,
whatever users do. Real case: Kruise's CloneSets waited for ever for the event of a pod that had come and gone while the
watch was broken; the same in whoever waits for a pod to run that has finished by then.

Weather: a gap in the watch while the task runs.
Caught by: `reconcile_returns`.
The twin never waits in a pass: it looks, returns, and is woken by the next event.
"""

from contextlib import suppress
from typing import Any

import trio

from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.runtime import Client, Controller, Part, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, config_map, custom, definition, is_deleting, sleep

Json = dict[str, Any]
APP = "app"
QUEUE_S = 2.0
WORK_S = 0.5


class WaitsForTheWord:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.waiting: dict[str, trio.Event] = {}

    async def reconcile(self, request: Request) -> None:
        try:
            app = await self.client.get(API, "App", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(app):
            return
        task = f"install-{request.name}"
        with suppress(AlreadyExists):
            await self.client.create(config_map({"name": task, "labels": {APP: request.name}}, {"phase": "Pending"}))
        if await self.is_started(task, request.namespace):
            await self.client.record(app, "Normal", "Installing", "the installation has begun")

    async def is_started(self, name: str, namespace: str | None) -> bool:
        if await self.phase(name, namespace) == "Pending":
            self.waiting[name] = trio.Event()
            await self.waiting[name].wait()
        return True

    async def phase(self, name: str, namespace: str | None) -> str:
        try:
            task = await self.client.get("v1", "ConfigMap", name, namespace)
        except NotFound:
            return "Pending"
        return str(task["data"]["phase"])

    def task_changed(self, event_type: str, old: Json | None, new: Json | None) -> bool:
        if new is not None and new["data"]["phase"] == "Running":
            event = self.waiting.pop(new["metadata"]["name"], None)
            if event is not None:
                event.set()
        return True


class LooksAndReturns(WaitsForTheWord):
    async def is_started(self, name: str, namespace: str | None) -> bool:
        return await self.phase(name, namespace) != "Pending"


class Worker:
    """Carries tasks out."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            task = await self.client.get("v1", "ConfigMap", request.name, request.namespace)
            if task["data"]["phase"] == "Pending":
                await self.client.sleep(QUEUE_S)
                await self._enter("Running", request)
            if task["data"]["phase"] != "Done":
                await self.client.sleep(WORK_S)
                await self._enter("Done", request)
        except NotFound:
            return

    async def _enter(self, phase: str, request: Request) -> None:
        body = {"data": {"phase": phase}}
        await self.client.patch("v1", "ConfigMap", request.name, request.namespace, body=body)


def wrong(client: Client) -> list[Part]:
    return _parts(client, WaitsForTheWord(client))


def fixed(client: Client) -> list[Part]:
    return _parts(client, LooksAndReturns(client))


def _parts(client: Client, installer: WaitsForTheWord) -> list[Part]:
    tasks = Watch("v1", "ConfigMap", map=_app_of, predicate=installer.task_changed)
    return [
        Controller(name="installer", reconcile=installer.reconcile, watches=[Watch(API, "App"), tasks]),
        Controller(name="worker", reconcile=Worker(client).reconcile, watches=[Watch("v1", "ConfigMap")]),
    ]


def _app_of(task: Json) -> list[Request]:
    app = (task["metadata"].get("labels") or {}).get(APP)
    return [Request(task["metadata"]["namespace"], app)] if app else []


ENTRY = Entry(
    id="waits-for-the-word",
    property="reconcile_returns",
    faults=("watch_gap", "watch_cut", "switch_server", "relist", "compaction", "apiserver_crash", "partition"),
    bug="https://github.com/openkruise/kruise/issues/1785",
    tags=("unobserved state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("App", {"image": {"type": "string"}}), custom("App", "shop", {"image": "shop:1"})),
    trial_options={"workload": [sleep(5)], "built_ins": "none"},
)
