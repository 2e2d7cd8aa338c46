"""What fair weather agrees on for one workload: the yardstick of `converges` and of `required`."""

from typing import TYPE_CHECKING

from harness.canonical import State, canonical_state, differences, object_key
from harness.contract import ObjectRef

if TYPE_CHECKING:
    from harness.world import World


class Reference:
    """Agreement of the fair-weather runs of one workload.

    Args:
        agreed: of the end states.
        after: for each number of user actions done, the keys that exist once that has settled.
    """

    def __init__(self, agreed: State, after: list[frozenset[str]]) -> None:
        self.agreed = agreed
        self.after = after

    def difference(self, world: "World") -> list[str]:
        """Where this world departs from fair weather, one line each."""
        if "vandalism" in world.weather.fired_counts and not world.trial.repairs:
            return []  # nobody promised to restore what users had no business to edit
        return differences(self.agreed, state_of(world))

    def requires(self, ref: ObjectRef, actions_done: int) -> bool:
        """Does this object exist in the state settled after the last user action so far?"""
        if not self.after:
            return False
        key = object_key(ref.api_version, ref.kind, ref.namespace, ref.name)
        return key in self.after[min(actions_done, len(self.after) - 1)]


def state_of(world: "World") -> State:
    """The canonical state of a whole world."""
    return canonical_state(world.stored_objects(), world.outside.state(), volatile=world.trial.volatile)
