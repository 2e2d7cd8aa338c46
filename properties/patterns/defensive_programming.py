"""Pattern 9, defensive programming: things go wrong, clocks differ, and whoever reacts must not make it worse.

Errors are answered with back-off and never with a crash; no pass waits for ever; two who disagree do not fight for
ever; and an outage is not followed by a herd: retries back off while it lasts, and what a component writes for each
change that it hears of is bounded.
"""

from harness.pattern import TrialPattern
from properties.converges import Converges
from properties.no_alternation import NoAlternation
from properties.no_hot_loop import NoHotLoop
from properties.no_livelock import NoLivelock
from properties.no_panic import NoPanic
from properties.patterns.claims import promises
from properties.reconcile_returns import ReconcileReturns
from properties.retries_back_off import RetriesBackOff
from properties.writes_per_change_are_bounded import WritesPerChangeAreBounded

DEFENSIVE_PROGRAMMING = TrialPattern(
    name="defensive-programming",
    says="errors and clocks are expected, retries back off, and nobody amplifies an outage",
    promises=promises(
        NoPanic(),
        ReconcileReturns(),
        Converges(),
        NoLivelock(),
        NoHotLoop(),
        NoAlternation(),
        WritesPerChangeAreBounded(),
        RetriesBackOff(),
    ),
    weather=(
        "latency", "throttled", "refused", "not_ready", "server_error", "reply_lost", "late_commit", "conflict_race",
        "crash", "pause", "clock_skew", "clock_drift", "partition", "apiserver_crash", "admission_denied",
        "permission_revoked", "quota_exceeded", "compaction", "watch_gap",
    ),
)  # fmt: skip
