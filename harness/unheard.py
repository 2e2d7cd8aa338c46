"""Who made an object that came and went unheard of, because the watch was broken meanwhile.

A watch that broke for too long is followed by a new list, and what was made and deleted in between is in neither
(KEP-956 and client-go's reflector: only states that the last list had seen come as "final state unknown"). Its maker's
cache is then what it was before, so nothing wakes it, and no level-triggered controller can do better: client-go and
controller-runtime leave this case to the periodic resync (`SyncPeriod`, 10 hours by default), which is off here,
because it would also cure what is the controller's fault, such as a missing watch. So it comes for these lives alone.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.process import Life
    from harness.world import World


def lives_that_missed_a_child(world: "World") -> list["Life"]:
    """Lives that created something which is gone by now, and whose own watch on its kind never showed it."""
    found = []
    for process in world.processes:
        life = process.life
        if life is not None and life.client is not None and _missed(world, life):
            found.append(life)
    return found


def _missed(world: "World", life: "Life") -> bool:
    assert life.client is not None
    me = (life.process.name, life.incarnation)
    history = world.history
    for informer in life.client.informers.all():
        for event in history.by_resource.get(world.names.resource_of(informer.api_version, informer.kind), ()):
            uid = event.object["metadata"].get("uid", "")
            if event.type == "DELETED" and history.creators.get(uid) == me and uid not in life.knowledge.arrivals:
                return True
    return False


def resync(life: "Life") -> None:
    """The periodic resync comes: every cached object is delivered again as an update."""
    assert life.client is not None
    for informer in life.client.informers.all():
        if informer.synced:
            life.context.run(informer.resync)
