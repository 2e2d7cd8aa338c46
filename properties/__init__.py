"""What must hold: one claim a file, judged on what the harness's view shows. `PROPERTIES` is the registry.

Properties know the contract (`harness.contract`) and nothing of each other, of faults or of controllers: a docstring
that says what is claimed and what is deliberately not judged, who promises it (`source`), what makes it meaningless
(`voided_by`), `applies` before the storm, `judge` at a view. Most severe first: what destroys data, then what breaks a
guarantee to others, then what never becomes right, then what wastes work, then the plane's own promises; those that are
judged only when named (`opt_in`) come last.
"""

from harness.contract import Property
from properties.adopts_only_living_unowned_objects import AdoptsOnlyLivingUnownedObjects
from properties.availability_stays_within_budget import AvailabilityStaysWithinBudget
from properties.binds_within_observed_capacity import BindsWithinObservedCapacity
from properties.caches_equal_the_store import CachesEqualTheStore
from properties.claims_of_live_pods_are_kept import ClaimsOfLivePodsAreKept
from properties.converges import Converges
from properties.creates_stay_within_what_the_writer_could_know import CreatesStayWithinWhatTheWriterCouldKnow
from properties.deletes_as_in_fair_weather import DeletesAsInFairWeather
from properties.deletes_carry_the_observed_uid import DeletesCarryTheObservedUid
from properties.deletions_finish import DeletionsFinish
from properties.evictions_respect_the_budget import EvictionsRespectTheBudget
from properties.finalizer_before_effect import FinalizerBeforeEffect
from properties.garbage_collection_spares_the_owned import GarbageCollectionSparesTheOwned
from properties.generation_follows_users import GenerationFollowsUsers
from properties.idempotent import Idempotent
from properties.leader_writes_inside_its_lease import LeaderWritesInsideItsLease
from properties.never_regresses_to_an_older_spec import NeverRegressesToAnOlderSpec
from properties.no_alternation import NoAlternation
from properties.no_coordinator import NoCoordinator
from properties.no_create_under_an_owner_observed_deleting import NoCreateUnderAnOwnerObservedDeleting
from properties.no_hot_loop import NoHotLoop
from properties.no_livelock import NoLivelock
from properties.no_orphan_or_leak import NoOrphanOrLeak
from properties.no_panic import NoPanic
from properties.objects_are_well_formed import ObjectsAreWellFormed
from properties.observed_generation_catches_up import ObservedGenerationCatchesUp
from properties.one_external_object_per_owner import OneExternalObjectPerOwner
from properties.one_holder_per_lease import OneHolderPerLease
from properties.one_runner_per_identity import OneRunnerPerIdentity
from properties.one_sessions_reads_never_go_back import OneSessionsReadsNeverGoBack
from properties.one_writer_per_field import OneWriterPerField
from properties.reconcile_returns import ReconcileReturns
from properties.referenced_objects_are_kept import ReferencedObjectsAreKept
from properties.repairs_come_in_time import RepairsComeInTime
from properties.required_objects_are_not_deleted import RequiredObjectsAreNotDeleted
from properties.retries_back_off import RetriesBackOff
from properties.statuses_are_monotone import StatusesAreMonotone
from properties.teardown_keeps_its_order import TeardownOrder
from properties.unique_allocations import UniqueAllocations
from properties.unique_children import UniqueChildren
from properties.watch_is_bookmarkable import WatchIsBookmarkable
from properties.watch_is_ordered import WatchIsOrdered
from properties.watch_is_reliable import WatchIsReliable
from properties.watch_is_resumable import WatchIsResumable
from properties.watch_is_unique import WatchIsUnique
from properties.writes_per_change_are_bounded import WritesPerChangeAreBounded

SEATRIAL_DISTRIBUTION = "seatrial"
"""Marks this package as part of the distribution, so that a user's folder of the same name is noticed."""

PROPERTIES: tuple[Property, ...] = (
    ClaimsOfLivePodsAreKept(),
    RequiredObjectsAreNotDeleted(),
    NeverRegressesToAnOlderSpec(),
    DeletesCarryTheObservedUid(),
    GarbageCollectionSparesTheOwned(),
    OneRunnerPerIdentity(),
    LeaderWritesInsideItsLease(),
    OneHolderPerLease(),
    UniqueAllocations(),
    CreatesStayWithinWhatTheWriterCouldKnow(),
    OneExternalObjectPerOwner(),
    FinalizerBeforeEffect(),
    NoCreateUnderAnOwnerObservedDeleting(),
    AdoptsOnlyLivingUnownedObjects(),
    BindsWithinObservedCapacity(),
    StatusesAreMonotone(),
    NoPanic(),
    ReconcileReturns(),
    Converges(),
    NoOrphanOrLeak(),
    DeletionsFinish(),
    NoLivelock(),
    NoHotLoop(),
    NoAlternation(),
    Idempotent(),
    ObservedGenerationCatchesUp(),
    CachesEqualTheStore(),
    OneSessionsReadsNeverGoBack(),
    ObjectsAreWellFormed(),
    WatchIsReliable(),
    WatchIsOrdered(),
    WatchIsUnique(),
    WatchIsResumable(),
    WatchIsBookmarkable(),
    ReferencedObjectsAreKept(),
    EvictionsRespectTheBudget(),
    AvailabilityStaysWithinBudget(),
    TeardownOrder(),
    OneWriterPerField(),
    GenerationFollowsUsers(),
    DeletesAsInFairWeather(),
    RepairsComeInTime(),
    UniqueChildren(),
    WritesPerChangeAreBounded(),
    NoCoordinator(),
    RetriesBackOff(),
)
"""Most severe first; opt-in ones last."""

__all__ = [
    "PROPERTIES",
    "AdoptsOnlyLivingUnownedObjects",
    "AvailabilityStaysWithinBudget",
    "BindsWithinObservedCapacity",
    "CachesEqualTheStore",
    "ClaimsOfLivePodsAreKept",
    "Converges",
    "CreatesStayWithinWhatTheWriterCouldKnow",
    "DeletesAsInFairWeather",
    "DeletesCarryTheObservedUid",
    "DeletionsFinish",
    "EvictionsRespectTheBudget",
    "FinalizerBeforeEffect",
    "GarbageCollectionSparesTheOwned",
    "GenerationFollowsUsers",
    "Idempotent",
    "LeaderWritesInsideItsLease",
    "NeverRegressesToAnOlderSpec",
    "NoAlternation",
    "NoCoordinator",
    "NoCreateUnderAnOwnerObservedDeleting",
    "NoHotLoop",
    "NoLivelock",
    "NoOrphanOrLeak",
    "NoPanic",
    "ObjectsAreWellFormed",
    "ObservedGenerationCatchesUp",
    "OneExternalObjectPerOwner",
    "OneHolderPerLease",
    "OneRunnerPerIdentity",
    "OneSessionsReadsNeverGoBack",
    "OneWriterPerField",
    "ReconcileReturns",
    "ReferencedObjectsAreKept",
    "RepairsComeInTime",
    "RequiredObjectsAreNotDeleted",
    "RetriesBackOff",
    "StatusesAreMonotone",
    "TeardownOrder",
    "UniqueAllocations",
    "UniqueChildren",
    "WatchIsBookmarkable",
    "WatchIsOrdered",
    "WatchIsReliable",
    "WatchIsResumable",
    "WatchIsUnique",
    "WritesPerChangeAreBounded",
]
