"""Pattern 8, stateless over stateful: the API server is the source of truth, and a process's memory is a cache of it.

Kill any component at any request, and what starts again with empty memory comes to the same end, and destroys nothing
on the way: a cache is only ever rebuilt, and what it shows may be old.
"""

from harness.pattern import TrialPattern
from properties.caches_equal_the_store import CachesEqualTheStore
from properties.converges import Converges
from properties.deletions_finish import DeletionsFinish
from properties.idempotent import Idempotent
from properties.never_regresses_to_an_older_spec import NeverRegressesToAnOlderSpec
from properties.no_orphan_or_leak import NoOrphanOrLeak
from properties.patterns.claims import promises
from properties.required_objects_are_not_deleted import RequiredObjectsAreNotDeleted

STATELESS_OVER_STATEFUL = TrialPattern(
    name="stateless-over-stateful",
    says="memory is a cache of the source of truth: kill anything at any request, and its restart converges",
    promises=promises(
        RequiredObjectsAreNotDeleted(),
        NeverRegressesToAnOlderSpec(),
        Converges(),
        NoOrphanOrLeak(),
        DeletionsFinish(),
        Idempotent(),
        CachesEqualTheStore(),
    ),
    weather=(
        "latency", "crash", "late_commit", "reply_lost", "time_travel", "stale_read", "stale_cache", "apiserver_crash",
        "switch_server", "node_crash", "kubelet_restart", "overlap",
    ),
)  # fmt: skip
