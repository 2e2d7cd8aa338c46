"""What fair weather agrees on for one workload: the yardstick of `converges` and of `required`."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from harness.canonical import State, canonical_state, differences, object_key
from harness.contract import ObjectRef
from harness.history import QUIET_RESOURCES
from harness.roles import Roles
from reference_impl.protocol import JsonObject

if TYPE_CHECKING:
    from harness.world import World

Counts = dict[str, tuple[int, int]]
"""By role: how often such objects were created, and removed."""


class Reference:
    """Agreement of the fair-weather runs of one workload.

    Args:
        agreed: of the end states.
        after: for each number of user actions done, the keys that exist once that has settled.
        counts: how often objects of each role were created and removed, where the runs agree.
        took_s: from the last user action to the last effective commit, in the slowest run.
    """

    def __init__(self, agreed: State, after: list[frozenset[str]], counts: Counts, took_s: float) -> None:
        self.agreed = agreed
        self.after = after
        self.counts = counts
        self.took_s = took_s

    def difference(self, world: "World") -> list[str]:
        """Where this world departs from fair weather, one line each."""
        if "vandalism" in world.weather.fired_counts and not world.trial.repairs:
            return []  # nobody promised to restore what users had no business to edit
        return differences(self.agreed, state_of(world, without=lost_for_good(world)))

    def counts_in(self, world: "World") -> Counts:
        """What `counts` is to be compared with."""
        return counts_of(world)

    def requires(self, ref: ObjectRef, actions_done: int) -> bool:
        """Does this object exist in the state settled after the last user action so far?"""
        if not self.after:
            return False
        key = object_key(ref.api_version, ref.kind, ref.namespace, ref.name)
        return key in self.after[min(actions_done, len(self.after) - 1)]


def state_of(world: "World", *, without: Collection[str] = ()) -> State:
    """The canonical state of a whole world, objects of these uids left out."""
    objects = [obj for obj in world.stored_objects() if obj["metadata"].get("uid") not in without]
    return canonical_state(objects, world.outside.state(), volatile=world.trial.volatile)


def lost_for_good(world: "World") -> list[str]:
    """Uids of objects that vandals took from their owners, and whose owners went before they had them back: nobody is
    left who could know whose they were."""
    living = world.history.by_uid
    return [
        uid
        for uid, owners in world.taken_from.items()
        if uid in living and not any(owner in living for owner in owners) and not _owners_of(world, uid)
    ]


def _owners_of(world: "World", uid: str) -> Any:
    obj = world.store.get(world.history.by_uid[uid])
    return obj is not None and obj["metadata"].get("ownerReferences")


def counts_of(world: "World") -> Counts:
    """How often objects of each role came and went in a world. Leases and Events are left out."""
    objects: dict[str, JsonObject] = {}
    came_and_went: list[tuple[str, int]] = []
    for key, events in world.history.by_key.items():
        if key[0] in QUIET_RESOURCES:
            continue
        for event in events:
            uid = event.object["metadata"]["uid"]
            objects[uid] = event.object
            if event.type != "MODIFIED":
                came_and_went.append((uid, event.type == "DELETED"))
    keys = Roles(list(objects.values()), {}).keys
    counts: Counts = {}
    for uid, went in came_and_went:
        created, removed = counts.get(keys[uid][0], (0, 0))
        counts[keys[uid][0]] = (created + (not went), removed + went)
    return counts


def agreed_counts(runs: Sequence[Counts]) -> Counts:
    """What all runs count alike."""
    return {role: count for role, count in runs[0].items() if all(run.get(role) == count for run in runs[1:])}


def took_s(world: "World") -> float:
    """Virtual seconds from the last user action to the last effective commit of a world; 0 if nothing came of it."""
    changes = world.history.changes
    acted = [change.request.sent_s for change in changes if change.component == world.user.name]
    acted_s = acted[-1] if acted else 0.0
    return max(0.0, changes[-1].request.sent_s - acted_s) if changes else 0.0
