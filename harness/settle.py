"""Waits for rest, and knows it when it sees it.

At rest: nothing is under way, every timer that was pending when things first fell silent has fired since without
causing an effective write, every informer is connected again, and silence has lasted longer than any lease in the
plane. Effective write: a committed change outside Leases, Node heartbeats, Events and `volatile`. Periodic upkeep
(heartbeats, lease renewals) never rests and is not waited for.
"""

import math
from typing import TYPE_CHECKING

from harness.fabric import NODE_LEASES
from harness.foreign.rest import rest
from harness.foreign.world import FAIR_QUIET_S, RealTimeWorld
from harness.knowledge import Session
from harness.wire import session_of
from harness.world import DELIVERIES_MAX, Exhausted
from reference_impl.runtime import Informer

if TYPE_CHECKING:
    from harness.world import World

SILENCE_LONG_S = 60.0
"""After a storm: longer than a leader's lease (15 s) and a node's (40 s), so that whoever takes over has done so."""
SILENCE_FAIR_S = 5.0
"""In fair weather nobody dies, so nobody has to wait for a lease to run out. Without a timer, that is: with one, see
`settle`."""
SILENCE_SHORT_S = 2.0
"""Between idempotence passes, where nobody has died: longer than a container takes to start."""
RECONNECTED_S = 150.0
"""How much longer an informer without a stream is waited for: its back-off is 30 to 60 s at its longest, and it may
need to watch, list and watch once more. A kind that is not served never gets one."""
DEAF_POLL_S = 5.0
WORKERS_LOOKED_AT = 8
"""So many of a process's latest passes may still be under way; arbitrary."""
DELIVERIES_EACH = 100
"""So many deliveries more for each object there is; a ReplicaSet with one pod takes some 40 to come up. Arbitrary."""
PATIENCE_S = 3000.0
"""Virtual seconds in which a plane has to come to rest; more if a longer timer is pending (design section 4.4)."""


def settle(world: "World", silence_s: float = SILENCE_LONG_S) -> bool:
    """Run until rest; False if it did not come: see the module. Time moves on by `silence_s` at least."""
    if isinstance(world, RealTimeWorld):
        return rest(world, FAIR_QUIET_S)
    world.kernel.pump()  # what was just started has not run yet
    network = world.network
    began_s = network.now_s
    began_deliveries = world.deliveries
    limit_s = began_s + PATIENCE_S
    quiet_at = -1
    asleep_since_s: float | None = None
    horizon_s = silent_s = began_s
    world.last_effective_s = (
        max(world.last_effective_s, began_s) if silence_s >= SILENCE_LONG_S else world.last_effective_s
    )
    try:
        while True:
            if network.messages == 0 and quiet_at != world.history.effective_count:
                quiet_at = world.history.effective_count
                horizon_s = timers_horizon_s(world)
                # A message that was under way for long has not been silence.
                silent_s = network.now_s
                asleep_since_s = None
                if horizon_s > network.now_s and silence_s >= SILENCE_FAIR_S:
                    # Somebody looks again by the clock, perhaps for something outside that has no watch and takes its
                    # time: fair weather must not look away sooner than a storm does.
                    silence_s = SILENCE_LONG_S
                limit_s = max(limit_s, began_s + 3 * (horizon_s - began_s))
                if may_leave_out_upkeep(world):
                    network.begin_lull()
            rest_s = max(horizon_s, max(world.last_effective_s, silent_s) + silence_s)
            if network.messages == 0 and network.now_s >= rest_s and quiet_at == world.history.effective_count:
                if asleep_since_s is None:
                    asleep_since_s = network.now_s
                if network.now_s - asleep_since_s < SILENCE_LONG_S and someone_is_asleep(world):
                    horizon_s = max(horizon_s, min(timers_horizon_s(world), network.now_s + SILENCE_LONG_S))
                    rest_s = horizon_s
                elif network.now_s >= rest_s + RECONNECTED_S or not someone_is_deaf(world):
                    return True
                else:
                    rest_s = network.now_s + DEAF_POLL_S
            deliveries_max = DELIVERIES_MAX + DELIVERIES_EACH * len(world.history.by_uid)
            if network.now_s >= limit_s or world.deliveries - began_deliveries > deliveries_max:
                return False
            until_s = network.messages_horizon_s() if network.messages else rest_s
            world.run(max(until_s, network.now_s), deliveries_max=deliveries_max)
    except Exhausted:
        return False
    finally:
        network.end_lull()


def may_leave_out_upkeep(world: "World") -> bool:
    """Is there no weather that heartbeats of nodes could meet, is everybody there, and has nobody on trial ever looked
    at one? (Of who is dead, others have to find out.)"""
    if not world.weather.is_calm or world.partitions:
        return False
    if any(process.paused or not (process.alive or process.retired) for process in world.processes):
        return False
    leases = world.names.resource_of("coordination.k8s.io/v1", "Lease")
    return not any(
        key[0] == leases and key[1] == NODE_LEASES
        for process in world.processes
        if process.under_test
        for key in process.memory.newest
    )


def someone_is_asleep(world: "World") -> bool:
    """Is a pass under way that began lately, with a timer pending by which it may wake? What a timer has woken last may
    look, sleep, and only then write."""
    now_s = world.network.now_s
    if timers_horizon_s(world) <= now_s:
        return False
    return any(
        reconcile.finished_s is None
        and reconcile.incarnation == process.incarnation
        and now_s - reconcile.started_s < SILENCE_LONG_S
        for process in world.processes
        if process.alive
        for reconcile in process.reconciles[-WORKERS_LOOKED_AT:]
    )


def someone_is_deaf(world: "World") -> bool:
    """Does an informer have no stream? It waits to connect again, and knows nothing of what has happened since."""
    for process in world.processes:
        life = process.life
        if life is None or life.client is None:
            continue
        heard = {session_of(stream.request) for stream in life.streams}
        if any(_session_of_informer(informer) not in heard for informer in life.client.informers.all()):
            return True
    return False


def _session_of_informer(informer: Informer) -> Session:
    return (
        informer.api_version,
        informer.kind,
        informer.namespace or "",
        informer.labels or "",
        informer.fields or "",
    )


def timers_horizon_s(world: "World") -> float:
    """Until when timers are pending, trio's own next deadline included."""
    deadline_s = world.kernel.clock.next_deadline_s
    horizon_s = world.network.timers_horizon_s()
    return max(horizon_s, deadline_s) if deadline_s < math.inf else horizon_s
