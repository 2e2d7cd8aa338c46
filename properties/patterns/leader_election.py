"""Pattern 7 for programs: those who elect write only while they lead, and take only what is over.

The lock itself is held to `lease`. Here it is the program: its clock is skewed, it drifts, its process pauses and goes
on, and its last requests commit late. TARGET elects (`Controller(leader_election=...)` or a `LeaderElector`), best in
two instances.
"""

from harness.pattern import TrialPattern
from properties.converges import Converges
from properties.leader_writes_inside_its_lease import LeaderWritesInsideItsLease
from properties.one_holder_per_lease import OneHolderPerLease
from properties.patterns.claims import promises

LEADER_ELECTION = TrialPattern(
    name="leader-election",
    says="of several copies of a program one acts at a time, by its own clock, and stops in time",
    promises=promises(LeaderWritesInsideItsLease(), OneHolderPerLease(), Converges()),
    weather=(
        "latency", "pause", "clock_skew", "clock_drift", "partition", "late_commit", "reply_lost", "overlap", "crash",
        "apiserver_crash", "refused", "server_error", "permission_revoked", "admission_denied",
    ),
)  # fmt: skip
