"""Pattern 3, closed control loop: it acts on the difference between what is wanted and what is, not on what it was
told.

Level-triggered: any events may be lost, late or repeated between two lists, and the loop ends where it would have
ended. What is done to the objects it made is undone. At rest it does nothing.

Weather: everything that loses, delays, repeats or reorders what a loop hears. Single events never vanish from an
unbroken stream in Kubernetes; for loops on weaker buses, profile `hostile` adds that (`event_dropped`,
`event_repeated`, `event_swapped`).
"""

from harness.pattern import TrialPattern
from properties.caches_equal_the_store import CachesEqualTheStore
from properties.converges import Converges
from properties.idempotent import Idempotent
from properties.no_hot_loop import NoHotLoop
from properties.no_livelock import NoLivelock
from properties.observed_generation_catches_up import ObservedGenerationCatchesUp
from properties.patterns.claims import promises

CLOSED_CONTROL_LOOP = TrialPattern(
    name="closed-control-loop",
    says="compare what is wanted with what is, and act on the difference: any events may be lost",
    promises=promises(
        Converges(),
        Idempotent(),
        NoLivelock(),
        NoHotLoop(),
        ObservedGenerationCatchesUp(),
        CachesEqualTheStore(),
    ),
    weather=(
        "latency", "watch_lag", "stale_cache", "reorder_streams", "split_delivery", "list_order", "watch_cut",
        "watch_gap", "relist", "resync", "compaction", "switch_server", "apiserver_crash", "partition",
        "owned_deleted", "vandalism", "event_dropped", "event_repeated", "event_swapped",
    ),
)  # fmt: skip
