"""After an example that passed: users take back all that they have made, and the processes watch it go.

Nothing of this belongs to the example: it is not judged, and its trace ends before. If anything is in the way (a
finalizer that nobody takes off, a process that is not there), the processes end with their world as usual.
"""

from typing import Final

from harness.foreign.process import ForeignProcess
from harness.foreign.rest import is_connected
from harness.foreign.waiting_room import Guest, Guests
from harness.foreign.world import POLL_S, RealTimeWorld
from harness.world import Exhausted
from reference_impl.errors import ApiError
from reference_impl.objects import controller_of
from reference_impl.protocol import ApiRequest, JsonObject

WITHIN_S: Final = 3.0
"""Who has not seen everything off by then has something left to do (arbitrary)."""
QUIET_S: Final = 0.3
"""So long nobody has written anything since: what was begun is done (arbitrary)."""
LEFT: Final = frozenset({"Event", "Lease"})
"""Nobody acts on these when a new cluster begins without them."""


def leave_behind(world: RealTimeWorld) -> Guests | None:
    """See the module. None: they cannot stay. What was judged, and the trace, are as they were."""
    processes = [process for process in world.foreign() if not process.retired]
    if world.judge.violations or world.begun_with_work or not all(_is_sound(world, process) for process in processes):
        return None
    events, known = world.trace.events, len(world.trace.events)
    world.weather.samples = None
    try:
        gone = _take_back(world) and all(_is_sound(world, process) for process in processes)
    except (Exhausted, ApiError):
        gone = False
    finally:
        del events[known:]
        world.judge.violations.clear()
    if not gone:
        return None
    guests = {}
    for process in processes:
        assert process.running is not None
        assert process.door is not None
        assert process.life is not None
        guests[process.name] = Guest(
            running=process.running, listener=process.door.listener.dup(), streams=max(1, len(process.life.streams))
        )
    return Guests(by_name=guests, revision=world.store.revision, folders=list(world.folders))


def _is_sound(world: RealTimeWorld, process: ForeignProcess) -> bool:
    """It lives, is told everything, and has its watches open."""
    life = process.life
    if life is None or process.running is None or process.running.ended() is not None or process.paused:
        return False
    if process.ready_since_s is None or process.overlap:
        return False
    return is_connected(world, process)


def _take_back(world: RealTimeWorld) -> bool:
    network = world.network
    began_s = quiet_since_s = network.now_s
    written = world.history.effective_count
    while network.now_s - began_s < WITHIN_S:
        left = _made_since(world)
        for obj in left:
            if "deletionTimestamp" not in obj["metadata"] and controller_of(obj) is None:
                _delete(world, obj)
        world.run(network.now_s + POLL_S)
        if left or written != world.history.effective_count or network.messages or world.fabric.asking:
            written = world.history.effective_count
            quiet_since_s = network.now_s
        elif network.now_s - quiet_since_s >= QUIET_S:
            return True
    return False


def _made_since(world: RealTimeWorld) -> list[JsonObject]:
    """What was not there when the cluster came up."""
    return [
        obj
        for obj in world.stored_objects()
        if obj["metadata"]["uid"] not in world.at_first and obj["kind"] not in LEFT
    ]


def _delete(world: RealTimeWorld, obj: JsonObject) -> None:
    named = obj["metadata"]
    world.user_request(
        ApiRequest(
            verb="delete",
            api_version=obj["apiVersion"],
            kind=obj["kind"],
            namespace=named.get("namespace"),
            name=named["name"],
            user="user",
        )
    )
