"""Controllers that look wrong and are right: what a chaos checker must leave alone.

One file an entry; `entry.py` says what an entry is. `tests/quality/test_awkward_controllers_are_left_alone.py` holds
the checker to it.
"""

from reference_impl.zoo.awkward import (
    applied_by_two,
    contended_board,
    defaulted_worker,
    elected_publisher,
    one_step_a_pass,
    polls_the_cloud,
    raises_every_conflict,
    restless_phase,
    retries_until_ready,
    shared_status,
    slow_demolition,
    stamped_condition,
    wide_fleet,
)
from reference_impl.zoo.awkward.entry import Awkward

AWKWARD: tuple[Awkward, ...] = (
    retries_until_ready.ENTRY,
    polls_the_cloud.ENTRY,
    contended_board.ENTRY,
    elected_publisher.ENTRY,
    slow_demolition.ENTRY,
    defaulted_worker.ENTRY,
    shared_status.ENTRY,
    restless_phase.ENTRY,
    wide_fleet.ENTRY,
    one_step_a_pass.ENTRY,
    stamped_condition.ENTRY,
    raises_every_conflict.ENTRY,
    applied_by_two.ENTRY,
)
"""Adding an entry: its module here, its import, and its line in this tuple."""

__all__ = ["AWKWARD", "Awkward"]
