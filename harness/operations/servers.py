"""Operations on API servers, their watch caches, and the network between them and their clients."""

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.fabric import STREAM_BROKEN_AFTER_S
from harness.process import Process
from reference_impl.errors import ConnectionLost

if TYPE_CHECKING:
    from harness.world import World


def replica_lag(world: "World", *, server: int, seconds: float, **_: Any) -> bool:
    """A replica's watch cache stands still: its streams and its reads at revision 0 are old."""
    if server in world.down_servers or not world.lag(server):
        return False
    world.network.call_at(world.network.now_s + seconds, partial(world.catch_up, server))
    return True


def switch_server(world: "World", *, component: str, server: int, **_: Any) -> bool:
    """A load balancer moves the process to another replica: its streams break, it resumes there."""
    process = world.find_process(component)
    if process is None or process.life is None or process.server == server or server in world.down_servers:
        return False
    process.server = server
    for stream in list(process.life.streams):
        world.fabric.cut(stream)
    return True


def partition(world: "World", *, component: str, server: int | None, seconds: float, **_: Any) -> bool:
    """No packet passes between a process and one or all API servers. Streams stall, and after 30 s are broken."""
    process = world.find_process(component)
    if process is None or process.life is None:
        return False
    servers = [
        index
        for index in (range(len(world.servers)) if server is None else [server])
        if (component, index) not in world.partitions
    ]
    if not servers:
        return False
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
