"""A small stage for fault kinds: a website controller with a ConfigMap each, and one armed fault."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.contract import ComponentView, Fault, Message, Moment
from harness.example import Example
from harness.plan import built_ins_for, make_plan
from harness.settle import settle
from harness.trial import Trial
from harness.weather import Armed, Drawing, armed_from
from reference_impl.errors import NotFound
from reference_impl.objects import is_deleting
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Watch
from tests.harness.samples import CRD, SITE

PATCH: JsonObject = {
    "do": "patch", "api_version": "example.com/v1", "kind": "Website", "name": "front", "namespace": "default",
    "body": {"spec": {"size": 3}},
}  # fmt: skip
CREATE: JsonObject = {"do": "create", "object": SITE}
CLOUD = "cloud"


def website(client: Client) -> Controller:
    """Keeps a ConfigMap that says how large its website is."""

    async def reconcile(request: Request) -> None:
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            return
        if is_deleting(site):
            return
        data = {"size": str(site["spec"]["size"])}
        try:
            config = await client.get("v1", "ConfigMap", request.name, request.namespace)
        except NotFound:
            await client.create(config_map(site, data))
            return
        if config.get("data") != data:
            config["data"] = data
            await client.update(config)

    return Controller(name="website", reconcile=reconcile, watches=watches())


def cloudy(client: Client) -> Controller:
    """Keeps an item in an outside system that says how large its website is."""

    async def reconcile(request: Request) -> None:
        cloud = client.external(CLOUD)
        try:
            site = await client.get("example.com/v1", "Website", request.name, request.namespace)
        except NotFound:
            await cloud.call("delete", request.name)
            return
        listed = await cloud.call("list")
        known = {item["id"]: item for item in (listed or {})["items"]}
        body = {"size": site["spec"]["size"], "owner": site["metadata"]["uid"]}
        if request.name not in known:
            await cloud.call("create", request.name, body)
        elif known[request.name]["size"] != body["size"]:
            await cloud.call("update", request.name, body)

    return Controller(name="cloudy", reconcile=reconcile, watches=[Watch("example.com/v1", "Website")])


def elected(client: Client) -> Controller:
    """As `website`, behind a leader election."""
    return Controller(name="elected", reconcile=website(client).reconcile, watches=watches(), leader_election="elected")


def watches() -> list[Watch]:
    return [Watch("example.com/v1", "Website"), Watch("v1", "ConfigMap", owner="Website")]


def config_map(site: JsonObject, data: dict[str, str]) -> JsonObject:
    metadata = site["metadata"]
    owner = {
        "apiVersion": site["apiVersion"], "kind": site["kind"], "name": metadata["name"], "uid": metadata["uid"],
        "controller": True,
    }  # fmt: skip
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "data": data,
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "labels": {"app": metadata["name"]},
            "ownerReferences": [owner],
        },
    }  # fmt: skip


@contextmanager
def stage(*factories: Any, built_ins: Any = "none", manifests: tuple[JsonObject, ...] = (CRD,)) -> Iterator[Example]:
    """An example of these controllers, without properties, on a plane that is up. Closed afterwards."""
    trial = Trial(list(factories or (website,)), list(manifests), built_ins=built_ins, properties=())
    with Example(make_plan(trial, built_ins_for(trial, ()))) as example:
        yield example


def arm(example: Example, fault: Fault, phase: str = "step", *, seed: int = 0, **anchors: Any) -> None:
    """Let a fault wait for its message, or for the next moment. Keyword `values`: what it shall draw."""
    values = dict(anchors.pop("values", {}))
    component = anchors.pop("component", None)
    drawing = Drawing(values, random.Random(seed))
    example.arm(Armed(fault=fault, phase=phase, component=component, drawing=drawing, **anchors))


def arm_again(example: Example, fault: Fault, action: dict[str, Any]) -> None:
    """Arm what has been recorded."""
    example.arm(armed_from(action, fault, 0, 0))


def fired(example: Example) -> list[str]:
    return [action["do"] for action in example.weather]


def finish(example: Example) -> bool:
    """Lift the weather, and wait for rest."""
    example.world.heal()
    return settle(example.world)


def stored(example: Example, kind: str = "ConfigMap", name: str = "front") -> JsonObject | None:
    api_version = "example.com/v1" if kind == "Website" else "v1"
    world = example.world
    return world.store.get(world.names.key_of(api_version, kind, "default", name))


def size(example: Example) -> str | None:
    """What the ConfigMap says."""
    config = stored(example)
    return config["data"]["size"] if config is not None else None


def seen(example: Example, kind: str, component: str = "website") -> list[tuple[str, str]]:
    """(type, name) of the watch events that a component was told of this kind, in order, on all its streams."""
    return [
        (event[0], event[2])
        for stream in example.world.fabric.stream_log
        if stream.life.process.name == component and stream.request.kind == kind
        for event in stream.record
        if event[0] != "BOOKMARK"
    ]


def replies(example: Example, component: str = "website") -> list[str]:
    """Reasons of the errors that a component was answered with, in order."""
    return [
        event.data["error"]
        for event in example.world.trace.events
        if event.kind in ("reply", "external") and event.component == component and event.data.get("error")
    ]


def cached_size(example: Example, component: str = "website") -> int | None:
    """How large the component believes the website to be."""
    life = example.world.process(component).life
    assert life is not None
    assert life.client is not None
    for informer in life.client.informers.all():
        if informer.kind == "Website":
            site = informer.items.get(("default", "front"))
            return site["spec"]["size"] if site is not None else None
    return None


def message(phase: str, verb: str, kind: str = "ConfigMap", **more: Any) -> Message:
    """A message as a fault sees it; nothing of it is alive."""
    known: dict[str, Any] = {
        "component": "website", "under_test": True, "server": "apiserver-0", "api_version": "v1",
        "namespace": "default", "name": "front", "subresource": None, "nth": 1,
    }  # fmt: skip
    return Message(phase=phase, verb=verb, kind=kind, **known | more)


COMMAND = message("request", "create")
UPDATE = message("request", "update")
READ = message("request", "list")
COMMIT = message("reply", "create", committed=True)
ANSWER = message("reply", "get")
EVENT = message("event", "MODIFIED")
BOOKMARK = message("event", "BOOKMARK")
HEARTBEAT = message("request", "update", "Lease", namespace="kube-node-lease", component="kubelet-node-0")
NOTE = message("request", "create", "Event")
CALL = message("external_request", "create", CLOUD, server=CLOUD, namespace=None)
CALLED = message("external_reply", "create", CLOUD, server=CLOUD, namespace=None)
RUNTIME_CALL = message("external_request", "create", "containers/node-0", namespace=None)

EVERYTHING: dict[str, Message] = {
    "command": COMMAND, "update": UPDATE, "read": READ, "commit": COMMIT, "answer": ANSWER, "event": EVENT,
    "bookmark": BOOKMARK, "heartbeat": HEARTBEAT, "note": NOTE, "call": CALL, "called": CALLED,
    "runtime call": RUNTIME_CALL,
}  # fmt: skip


def struck_by(fault: Fault, *, moment: "Plane | None" = None) -> set[str]:
    """Names of the sample occasions that a fault applies to; "moment" among them if it strikes between actions."""
    found = {name for name, sample in EVERYTHING.items() if fault.applies(sample)}
    if fault.applies(Moment(step=0, time_s=0.0, plane=moment or Plane())):
        found.add("moment")
    return found


class Plane:
    """A plane with nothing on it but what is given."""

    def __init__(self, *names: str, nodes: tuple[str, ...] = (), owned: tuple[JsonObject, ...] = ()) -> None:
        self._names, self._nodes, self._owned = names, nodes, owned
        self.overlapping: tuple[str, ...] = ()
        self.servers = 1

    def components(self) -> list[ComponentView]:
        return [
            ComponentView(
                name=name,
                under_test=name == "website",
                alive=True,
                incarnation=0,
                instance=0,
                elects=False,
                controllers=(),
            )
            for name in self._names
        ]

    def server_count(self) -> int:
        return self.servers

    def nodes(self) -> list[str]:
        return list(self._nodes)

    def owned_objects(self) -> list[JsonObject]:
        return list(self._owned)

    def streams_of(self, component: str) -> list[tuple[str, str]]:
        return [("example.com/v1", "Website"), ("v1", "ConfigMap")] if component in self._names else []

    def external_items(self) -> list[tuple[str, str]]:
        return []

    def overlap_allowed(self, component: str) -> bool:
        return component in self.overlapping
