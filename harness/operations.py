"""What the weather can do to a world besides changing one message: crash, pause, partition, lag, skew, compact, ...

A fault names an operation in its verdict (`Verdict.act("pause", component=..., seconds=...)`); the table at the end is
the registry. Each answers whether it changed anything: what changes nothing has not fired.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.fabric import STREAM_BROKEN_AFTER_S, Command, Stream
from harness.process import Process
from reference_impl.errors import ApiError, ConnectionLost, Forbidden
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject

if TYPE_CHECKING:
    from harness.world import World

Operation = Callable[..., bool]


def crash(world: "World", *, component: str, restart_after_s: float = 1.0, **_: Any) -> bool:
    """The process dies and restarts."""
    process = world.find_process(component)
    return process is not None and world.crash(process, restart_after_s)


def pause(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """The process stands still (long garbage collection, suspended machine), then goes on as if nothing happened."""
    process = world.find_process(component)
    if process is None or not world.pause(process):
        return False
    life = process.life

    def resume() -> None:
        if process.life is life:
            world.resume(process)

    world.network.call_at(world.network.now_s + seconds, resume)
    return True


def time_travel(
    world: "World", *, component: str, server: int, lag_s: float, crash_after_s: float, restart_after_s: float, **_: Any
) -> bool:
    """A replica stops hearing of changes now; a little later the process restarts and first lists there."""
    process = world.find_process(component)
    if process is None or not process.alive or len(world.servers) < 2 or not world.lag(server):
        return False
    home = process.server

    def die() -> None:
        if process.alive:
            world.crash(process, restart_after_s, server=server)

    def recover() -> None:
        world.catch_up(server)
        process.server = home

    world.network.call_at(world.network.now_s + crash_after_s, die)
    world.network.call_at(world.network.now_s + lag_s, recover)
    world.healers.append(lambda: setattr(process, "server", home))
    return True


def replica_lag(world: "World", *, server: int, seconds: float, **_: Any) -> bool:
    """A replica's watch cache stands still: its streams and its reads at revision 0 are old."""
    if not world.lag(server):
        return False
    world.network.call_at(world.network.now_s + seconds, partial(world.catch_up, server))
    return True


def switch_server(world: "World", *, component: str, server: int, **_: Any) -> bool:
    """A load balancer moves the process to another replica: its streams break, it resumes there."""
    process = world.find_process(component)
    if process is None or process.life is None or process.server == server:
        return False
    process.server = server
    for stream in list(process.life.streams):
        world.fabric.cut(stream)
    return True


def hold_stream(world: "World", *, component: str, kind: str, seconds: float, **_: Any) -> bool:
    """One collection's stream stands still."""
    return _each_stream(world, component, kind, lambda stream: world.fabric.hold(stream, seconds))


def hold_all(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """All streams of a process stand still."""
    return _each_stream(world, component, None, lambda stream: world.fabric.hold(stream, seconds))


def cut_stream(
    world: "World", *, component: str, kind: str, relist: bool = False, down_s: float = 0.0, **_: Any
) -> bool:
    """A stream breaks and cannot be opened again for a while. `relist`: then its client has to list."""
    process = world.find_process(component)
    if process is None or process.life is None:
        return False
    if down_s > 0:
        _refuse(
            world,
            down_s,
            lambda p, _s, r: _refused_watch(p is process and r.kind == kind and r.verb in ("watch", "list")),
        )
    return _each_stream(world, component, kind, lambda stream: world.fabric.cut(stream, relist=relist))


def _refused_watch(refused: bool) -> ApiError | None:
    return ConnectionLost() if refused else None


def _each_stream(world: "World", component: str, kind: str | None, action: Callable[[Stream], None]) -> bool:
    process = world.find_process(component)
    streams = [s for s in process.life.streams if kind in (None, s.request.kind)] if process and process.life else []
    for stream in list(streams):
        action(stream)
    return bool(streams)


def relist(world: "World", *, component: str, kind: str, **_: Any) -> bool:
    """An informer lists again: every object comes once more."""
    informers = [i for i in _informers(world, component) if i.kind == kind]
    for informer in informers:
        informer.relist()
    return bool(informers)


def resync(world: "World", *, component: str, kind: str, **_: Any) -> bool:
    """An informer's periodic resync: every cached object is announced once more."""
    process = world.find_process(component)
    informers = [i for i in _informers(world, component) if i.kind == kind and i.items]
    for informer in informers:
        assert process is not None
        if process.life is not None:
            process.life.context.run(informer.resync)
    return bool(informers)


def split_delivery(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """Caches change now, handlers hear of it later: the channel between client-go's store and its listeners."""
    informers = _informers(world, component)
    for informer in informers:
        informer.notify_delay_s = seconds

    def mend() -> None:
        for informer in informers:
            informer.notify_delay_s = None

    world.healers.append(mend)
    return bool(informers)


def _informers(world: "World", component: str) -> list[Any]:
    process = world.find_process(component)
    if process is None or process.life is None or process.life.client is None or process.paused:
        return []
    return process.life.client.informers.all()


def list_order(world: "World", *, component: str, shuffle: int, **_: Any) -> bool:
    """From now on cached lists come in another order each time."""
    if world.find_process(component) is None:
        return False
    world.list_orders[component] = random.Random(f"{world.seed}/{component}/{shuffle}")
    return True


def skew_clock(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """The wall clock of a process jumps; its monotonic clock does not."""
    process = world.find_process(component)
    if process is None or seconds == 0:
        return False
    process.clock.skew_s += seconds
    return True


def drift_clock(world: "World", *, component: str, rate: float, **_: Any) -> bool:
    """Both clocks of a process run fast or slow until the storm ends."""
    process = world.find_process(component)
    if process is None or rate == 1.0:
        return False
    process.clock.drift(rate)
    return True


def partition(world: "World", *, component: str, server: int | None, seconds: float, **_: Any) -> bool:
    """No packet passes between a process and one or all API servers. Streams stall; after 30 s they are found broken."""
    process = world.find_process(component)
    if process is None or process.life is None:
        return False
    servers = range(len(world.servers)) if server is None else [server]
    for index in servers:
        world.partitions[(component, index)] = world.network.now_s
    for stream in list(process.life.streams):
        if stream.server in servers:
            world.fabric.hold(stream, None)
    world.network.call_at(
        world.network.now_s + seconds, partial(_heal_partition, world, process, list(servers), seconds)
    )
    return True


def _heal_partition(world: "World", process: Process, servers: list[int], seconds: float) -> None:
    for index in servers:
        world.partitions.pop((process.name, index), None)
    for stream in list(process.life.streams) if process.life is not None else ():
        if stream.server in servers and stream.held_until_s is not None:
            if seconds >= STREAM_BROKEN_AFTER_S:
                stream.break_off(ConnectionLost())
            else:
                world.fabric.release(stream)


def server_crash(world: "World", *, server: int, down_s: float, **_: Any) -> bool:
    """An API server dies: its streams break; it comes back with a cold watch cache."""
    if server in world.down_servers:
        return False
    world.down_servers[server] = None
    for process in world.processes:
        for stream in list(process.life.streams) if process.life is not None else ():
            if stream.server == server:
                stream.break_off(ConnectionLost())

    def come_back() -> None:
        if server in world.down_servers:
            del world.down_servers[server]
            world.lagging.pop(server, None)
            world.servers[server].restart()

    world.network.call_at(world.network.now_s + down_s, come_back)
    world.healers.append(come_back)
    return True


def compact(world: "World", *, keep: int = 0, **_: Any) -> bool:
    """History up to now (all but the last `keep` revisions) is forgotten: old watches and continue tokens get 410."""
    revision = world.store.revision - keep
    if revision <= world.store.compacted_revision:
        return False
    world.store.compact(revision)
    for index, server in enumerate(world.servers):
        if index not in world.lagging:
            server.forget_before(revision)
    return True


def deny(
    world: "World", *, component: str, kind: str | None, verb: str | None, reason: str, seconds: float, **_: Any
) -> bool:
    """Admission, authorization or quota refuses a process's writes for a while (403)."""
    if world.find_process(component) is None:
        return False

    def refuse(process: Process, _server: int, request: ApiRequest) -> ApiError | None:
        if (
            process.name != component
            or request.is_read
            or kind not in (None, request.kind)
            or verb not in (None, request.verb)
        ):
            return None
        return Forbidden(reason)

    _refuse(world, seconds, refuse)
    return True


def _refuse(world: "World", seconds: float, refuse: Callable[[Process, int, ApiRequest], ApiError | None]) -> None:
    world.refusals.append(refuse)

    def lift() -> None:
        if refuse in world.refusals:
            world.refusals.remove(refuse)

    world.network.call_at(world.network.now_s + seconds, lift)


def touch(world: "World", *, command: Command | None = None, **_: Any) -> bool:
    """Another writer wins the race: the object that a command is about to change gets a label first."""
    if command is None or not isinstance(command.request, ApiRequest) or not command.request.name:
        return False
    request = command.request
    current = world.store.get(world.key_of(request.api_version, request.kind, request.namespace, request.name or ""))
    if current is None:
        return False
    marks = int((current["metadata"].get("annotations") or {}).get("seatrial.dev/touched", "0")) + 1
    body = {"metadata": {"annotations": {"seatrial.dev/touched": str(marks)}}}
    return _as_user(
        world,
        verb="patch",
        api_version=request.api_version,
        kind=request.kind,
        namespace=request.namespace,
        name=request.name,
        body=body,
        patch_type="merge",
    )


def user_delete(world: "World", *, api_version: str, kind: str, namespace: str | None, name: str, **_: Any) -> bool:
    """A user deletes this object."""
    return _as_user(world, verb="delete", api_version=api_version, kind=kind, namespace=namespace, name=name)


def user_patch(
    world: "World", *, api_version: str, kind: str, namespace: str | None, name: str, body: JsonObject, **_: Any
) -> bool:
    """A user edits this object."""
    return _as_user(
        world,
        verb="patch",
        api_version=api_version,
        kind=kind,
        namespace=namespace,
        name=name,
        body=copy_json(body),
        patch_type="merge",
    )


def delete_owned(world: "World", *, child: str, **_: Any) -> bool:
    """A user deletes an owned object, named by its role: "Pod/default/child 0 of ReplicaSet front"."""
    obj = next((o for o in world.owned_objects() if role_path(world, o) == child), None)
    if obj is None:
        return False
    return user_delete(
        world,
        api_version=obj["apiVersion"],
        kind=obj["kind"],
        namespace=obj["metadata"].get("namespace"),
        name=obj["metadata"]["name"],
    )


def vandalize(world: "World", *, child: str, what: str, **_: Any) -> bool:
    """A user edits what is not theirs: labels, owner references, finalizers of an owned object."""
    obj = next((o for o in world.owned_objects() if role_path(world, o) == child), None)
    if obj is None:
        return False
    bodies: dict[str, JsonObject] = {
        "labels": {"metadata": {"labels": None}},
        "ownerReferences": {"metadata": {"ownerReferences": None}},
        "finalizers": {"metadata": {"finalizers": None}},
    }
    return user_patch(
        world,
        api_version=obj["apiVersion"],
        kind=obj["kind"],
        namespace=obj["metadata"].get("namespace"),
        name=obj["metadata"]["name"],
        body=bodies[what],
    )


def role_path(world: "World", obj: JsonObject) -> str:
    """An object by role, as schedules name it."""
    return "/".join(part for part in (obj["kind"], obj["metadata"].get("namespace"), world.role_of(obj)) if part)


def _as_user(world: "World", **request: Any) -> bool:
    before = world.store.revision
    try:
        world.user_request(ApiRequest(user="user", **request))
    except ApiError:
        return False
    return world.store.revision != before


def node_crash(world: "World", *, node: str, down_s: float, **_: Any) -> bool:
    """A node dies with its containers; it comes back later, empty."""
    process = world.find_process(f"kubelet-{node}")
    if process is None or not world.crash(process, down_s):
        return False
    system = f"containers/{node}"
    for item in world.outside.items_of(system):
        world.outside.handle(ExternalCall(system=system, verb="delete", key=item["id"]))
    return True


def external_drift(world: "World", *, item: str, **_: Any) -> bool:
    """An outside item disappears by itself: somebody deleted it in the console."""
    system, _slash, item_id = item.rpartition("/")
    step = world.trace.add(
        world.network.now_s, "external", system, object=item_id, data={"verb": "delete", "phase": "drift"}
    )
    gone = world.outside.handle(ExternalCall(system=system, verb="delete", key=item_id)) is not None
    world.cause = step
    return gone


def overlap(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """A second copy of the program runs for a while beside the first: a rolling update, a hand-over."""
    process = world.find_process(component)
    if process is None or world.find_process(f"{component}-next") is not None:
        return False
    twin = Process(
        world,
        f"{component}-next",
        process.factory,
        under_test=process.under_test,
        instance=process.instance + 1,
        overlap=True,
    )
    world.processes.append(twin)
    twin.start()

    def stop() -> None:
        # The new copy stays, as in a rolling update; the old one goes.
        if process.alive and twin.alive:
            world.crash(process, None)
            process.retired = True

    world.network.call_at(world.network.now_s + seconds, stop)
    world.healers.append(stop)
    return True


OPERATIONS: dict[str, Operation] = {
    operation.__name__: operation
    for operation in (
        crash,
        pause,
        time_travel,
        replica_lag,
        switch_server,
        hold_stream,
        hold_all,
        cut_stream,
        relist,
        resync,
        split_delivery,
        list_order,
        skew_clock,
        drift_clock,
        partition,
        server_crash,
        compact,
        deny,
        touch,
        user_delete,
        user_patch,
        delete_owned,
        vandalize,
        node_crash,
        external_drift,
        overlap,
    )
}
