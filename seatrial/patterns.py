"""What it takes to hold an implementation of one's own to a pattern: the ports, what they speak of, and one function
for tests.

    from seatrial.patterns import VersionedValues, check_pattern

    def test_my_store_keeps_versioned_values():
        check_pattern("versioned-value", MyStore)

A port is a Protocol: match it, inherit nothing. `seatrial patterns` lists the patterns, docs/patterns.md tells of them.
"""

from harness.pattern import Promise, TrialPattern
from harness.pattern_check import check_pattern
from properties.patterns import PATTERNS
from properties.patterns.command_and_event import Commands, Happened
from properties.patterns.consistent_core import ConsistentCore, CoreSession
from properties.patterns.lease import Election, Held
from properties.patterns.state_watch import OpenWatch, Seen, StateWatch
from properties.patterns.versioned_value import VersionedValues
from reference_impl.store.port import Compacted, FutureRevision, Key, Page, RevisionMismatch, StoreEvent

__all__ = [
    "PATTERNS",
    "Commands",
    "Compacted",
    "ConsistentCore",
    "CoreSession",
    "Election",
    "FutureRevision",
    "Happened",
    "Held",
    "Key",
    "OpenWatch",
    "Page",
    "Promise",
    "RevisionMismatch",
    "Seen",
    "StateWatch",
    "StoreEvent",
    "TrialPattern",
    "VersionedValues",
    "check_pattern",
]
