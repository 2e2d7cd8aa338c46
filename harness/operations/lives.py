"""Operations on processes: their lives, their clocks, and the order in which they see lists."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reference_impl.protocol import ExternalCall

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
    if process is None or not process.alive or server >= len(world.servers) or server == process.server:
        return False
    if server in world.down_servers or not world.lag(server):
        return False
    home = process.server

    def die() -> None:
        if process.alive:
            world.crash(process, restart_after_s, server=server)

    def recover() -> None:
        world.catch_up(server)
        process.server = home

    world.network.call_at(world.network.now_s + crash_after_s, die)
    world.catch_up_later(process, lag_s, recover)
    world.healers.append(lambda: setattr(process, "server", home))
    return True


def overlap(world: "World", *, component: str, seconds: float, **_: Any) -> bool:
    """A second copy of the program runs for a while beside the first: a rolling update, a hand-over.

    The new copy stays and the old one goes; if the new one is down by then, the update is rolled back instead.
    """
    process = world.find_process(component)
    if process is None or not process.alive or world.find_process(f"{component}-next") is not None:
        return False
    twin = process.twin(f"{component}-next")
    world.processes.append(twin)
    twin.start()
    begun = [True]

    def stop() -> None:
        if not begun:
            return
        begun.clear()
        goes = process if twin.alive else twin
        world.crash(goes, None)
        goes.retired = True

    world.network.call_at(world.network.now_s + seconds, stop)
    world.healers.append(stop)
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
    if process is None or rate == process.clock.rate:
        return False
    process.clock.drift(rate)
    return True


def list_order(world: "World", *, component: str, shuffle: int, **_: Any) -> bool:
    """From now on cached lists come in another order each time."""
    if world.find_process(component) is None:
        return False
    world.list_orders[component] = random.Random(f"{world.seed}/{component}/{shuffle}")
    return True


def node_crash(world: "World", *, node: str, down_s: float, **_: Any) -> bool:
    """A node dies with its containers; it comes back later, empty."""
    process = world.find_process(f"kubelet-{node}")
    if process is None or not world.crash(process, down_s):
        return False
    system = f"containers/{node}"
    for item in world.outside.items_of(system):
        world.outside.handle(ExternalCall(system=system, verb="delete", key=item["id"]))
    return True
