"""Kinds of bad weather, one a file, each named after what the world does. `FAULTS` is the registry.

A kind is a frozen dataclass that matches `harness.contract.Fault`. Two labels: `legal` (real Kubernetes can do it) and
`obliged` (a level-triggered controller must recover from it). A kind with `opt_in` is off unless it is named.
"""

from harness.contract import Fault
from harness.faults.admission_denied import AdmissionDenied
from harness.faults.apiserver_crash import ApiserverCrash
from harness.faults.clock_drift import ClockDrift
from harness.faults.clock_skew import ClockSkew
from harness.faults.compaction import Compaction
from harness.faults.conflict_race import ConflictRace
from harness.faults.crash import Crash
from harness.faults.dependency_corrupted import DependencyCorrupted
from harness.faults.event_dropped import EventDropped
from harness.faults.event_repeated import EventRepeated
from harness.faults.event_swapped import EventSwapped
from harness.faults.external_drift import ExternalDrift
from harness.faults.external_fails import ExternalFails
from harness.faults.external_reply_lost import ExternalReplyLost
from harness.faults.external_slow import ExternalSlow
from harness.faults.external_stale_list import ExternalStaleList
from harness.faults.kubelet_restart import KubeletRestart
from harness.faults.late_commit import LateCommit
from harness.faults.latency import Latency
from harness.faults.list_order import ListOrder
from harness.faults.node_crash import NodeCrash
from harness.faults.node_partition import NodePartition
from harness.faults.not_ready import NotReady
from harness.faults.overlap import Overlap
from harness.faults.owned_deleted import OwnedDeleted
from harness.faults.partition import Partition
from harness.faults.pause import Pause
from harness.faults.permission_revoked import PermissionRevoked
from harness.faults.quota_exceeded import QuotaExceeded
from harness.faults.refused import Refused
from harness.faults.relist import Relist
from harness.faults.reorder_streams import ReorderStreams
from harness.faults.reply_lost import ReplyLost
from harness.faults.resync import Resync
from harness.faults.server_error import ServerError
from harness.faults.split_delivery import SplitDelivery
from harness.faults.stale_cache import StaleCache
from harness.faults.stale_read import StaleRead
from harness.faults.switch_server import SwitchServer
from harness.faults.throttled import Throttled
from harness.faults.time_travel import TimeTravel
from harness.faults.vandalism import Vandalism
from harness.faults.watch_cut import WatchCut
from harness.faults.watch_gap import WatchGap
from harness.faults.watch_lag import WatchLag

FAULTS: tuple[Fault, ...] = (
    # What is seen late, in part, or twice.
    Latency(),
    WatchLag(),
    StaleCache(),
    ReorderStreams(),
    SplitDelivery(),
    ListOrder(),
    WatchCut(),
    WatchGap(),
    Relist(),
    Resync(),
    # What servers answer.
    StaleRead(),
    TimeTravel(),
    Compaction(),
    SwitchServer(),
    Throttled(),
    Refused(),
    NotReady(),
    ServerError(),
    ReplyLost(),
    LateCommit(),
    ConflictRace(),
    # Lives and clocks.
    Crash(),
    Pause(),
    ClockSkew(),
    ClockDrift(),
    Overlap(),
    # Networks, servers, nodes.
    Partition(),
    ApiserverCrash(),
    NodeCrash(),
    KubeletRestart(),
    NodePartition(),
    # Users and policy.
    OwnedDeleted(),
    Vandalism(),
    AdmissionDenied(),
    PermissionRevoked(),
    QuotaExceeded(),
    # Outside systems.
    ExternalFails(),
    ExternalReplyLost(),
    ExternalSlow(),
    ExternalDrift(),
    ExternalStaleList(),
    # Not legal in Kubernetes: profile `hostile` only.
    EventDropped(),
    EventRepeated(),
    EventSwapped(),
    DependencyCorrupted(),
)
"""Adding a kind: its module here, its import, and its line in this tuple."""
