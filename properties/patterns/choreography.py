"""Pattern 2, asynchronous integration: autonomous processes, each with one responsibility, and no coordinator.

No component calls another: whatever one does reaches the others as events about committed state. So each works while
the rest is down, and catches up afterwards; who writes what for whom is a graph without a centre; and where it has
cycles, they settle.
"""

from harness.pattern import TrialPattern
from properties.converges import Converges
from properties.idempotent import Idempotent
from properties.no_alternation import NoAlternation
from properties.no_coordinator import NoCoordinator
from properties.no_livelock import NoLivelock
from properties.patterns.claims import promises

CHOREOGRAPHY = TrialPattern(
    name="choreography",
    says="processes react to events about committed state: none calls another, none coordinates, feedback settles",
    promises=promises(Converges(), NoCoordinator(), NoLivelock(), NoAlternation(), Idempotent()),
    weather=(
        "latency", "crash", "pause", "partition", "apiserver_crash", "watch_lag", "watch_gap", "watch_cut",
        "reorder_streams", "stale_cache",
    ),
)  # fmt: skip
