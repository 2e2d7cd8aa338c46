"""Pattern 10, side effects: delivery and processing guarantees end where Kubernetes ends.

What a controller makes outside is made once, though answers get lost and processes die between the effect and its
record (an idempotency key, or an intent record); it is cleaned up, because a finalizer was there before it; deleting
what is already gone is success; and since nothing outside gives a watch, drift is found by asking.
"""

from harness.pattern import TrialPattern
from properties.converges import Converges
from properties.deletions_finish import DeletionsFinish
from properties.finalizer_before_effect import FinalizerBeforeEffect
from properties.no_orphan_or_leak import NoOrphanOrLeak
from properties.one_external_object_per_owner import OneExternalObjectPerOwner
from properties.patterns.claims import promises

SIDE_EFFECTS = TrialPattern(
    name="side-effects",
    says="effects outside the system happen once, are cleaned up, and drift is found without a watch",
    promises=promises(
        OneExternalObjectPerOwner(), FinalizerBeforeEffect(), Converges(), NoOrphanOrLeak(), DeletionsFinish()
    ),
    weather=(
        "latency", "external_fails", "external_reply_lost", "external_slow", "external_drift", "external_stale_list",
        "crash", "late_commit", "reply_lost", "time_travel", "throttled", "refused", "server_error", "conflict_race",
    ),
)  # fmt: skip
