"""Rest as the server's side sees it: nobody has changed anything for a while, and everybody is there and connected.

What goes on inside a foreign process (queues, back-offs, timers) is not seen. So this is a suspicion of rest; what is
found wrong in it is confirmed before it is reported (`patience.py`).

Source: the quiescence of `settle.py`, as far as it can be had from outside.
"""

from typing import Final

from harness.foreign.process import ForeignProcess
from harness.foreign.world import POLL_S, RealTimeWorld
from harness.world import Exhausted

TIMERS_S: Final = 5.0
"""Timers of built-in components are waited for if they are due within so long (a container's start)."""
RESTLESS_S: Final = 60.0
"""Who still changes something after so long, without ever a pause, does not come to rest."""
EXITS_MAX: Final = 4
"""Nor does who ends more often by itself (arbitrary)."""
BETWEEN_WATCHES_S: Final = 2.0
"""Whoever has no watch for longer has lost it (arbitrary)."""
CONNECTED_S: Final = 40.0
"""How long a process without open watches is waited for: longer than a back-off of 30 s."""


def rest(world: RealTimeWorld, quiet_s: float, *, within_s: float = RESTLESS_S) -> bool:
    """Run until it is quiet; False if it never was within so many seconds."""
    network = world.network
    began_s = network.now_s
    quiet_at, horizon_s = -1, began_s
    heard_s = began_s
    exits = sum(process.exits for process in world.foreign())
    try:
        while True:
            world.run(network.now_s + 2 * POLL_S)
            if world.judge.violations:
                return False  # who dies again and again does not come to rest, and it is known already
            if sum(process.exits for process in world.foreign()) - exits > EXITS_MAX:
                return False
            if quiet_at != world.history.effective_count:
                quiet_at = world.history.effective_count
                horizon_s = network.timers_horizon_s(within_s=TIMERS_S)
            if not _everybody_is_there(world, waited_s=network.now_s - began_s):
                heard_s = network.now_s
            since_s = max(world.last_effective_s, heard_s)
            calm = network.messages == 0 and not world.fabric.asking and network.now_s >= horizon_s
            if calm and network.now_s - since_s >= quiet_s:
                return True
            if network.now_s - began_s > within_s + quiet_s:
                return False
    except Exhausted:
        return False


def _everybody_is_there(world: RealTimeWorld, *, waited_s: float) -> bool:
    if any(not (process.alive or process.retired) for process in world.processes):
        return False
    if not world.all_ready():
        return False
    if waited_s > CONNECTED_S:
        return True
    return all(is_connected(world, process) for process in world.foreign())


def is_connected(world: RealTimeWorld, process: ForeignProcess) -> bool:
    """Does it have a watch, or had one until just now? Some watch for seconds only, and list again."""
    life = process.life
    if life is None or life.streams or process.command.ready_after_s is not None:
        return True
    lately_s = world.network.now_s - BETWEEN_WATCHES_S
    return any(stream.closed_s >= lately_s for stream in world.fabric.stream_log if stream.life is life)
