"""The patterns of Kubernetes' architecture as contracts: what each promises, and how an implementation is tried.

One file a pattern (docs/patterns.md). Patterns with a port (stores, watches, elections) are tried by operations beside
a model; patterns of control loops are groups of properties and the weather that tries them. `PATTERNS` is the registry.
"""

from harness.pattern import Pattern
from properties.patterns.choreography import CHOREOGRAPHY
from properties.patterns.closed_control_loop import CLOSED_CONTROL_LOOP
from properties.patterns.command_and_event import CommandAndEventPattern
from properties.patterns.consistent_core import ConsistentCorePattern
from properties.patterns.defensive_programming import DEFENSIVE_PROGRAMMING
from properties.patterns.leader_election import LEADER_ELECTION
from properties.patterns.lease import LeasePattern
from properties.patterns.side_effects import SIDE_EFFECTS
from properties.patterns.state_watch import StateWatchPattern
from properties.patterns.stateless_over_stateful import STATELESS_OVER_STATEFUL
from properties.patterns.versioned_value import VersionedValuePattern

PATTERNS: tuple[Pattern, ...] = (
    CommandAndEventPattern(),
    CHOREOGRAPHY,
    CLOSED_CONTROL_LOOP,
    StateWatchPattern(),
    VersionedValuePattern(),
    ConsistentCorePattern(),
    LeasePattern(),
    LEADER_ELECTION,
    STATELESS_OVER_STATEFUL,
    DEFENSIVE_PROGRAMMING,
    SIDE_EFFECTS,
)
"""In the order of the deck (docs/patterns.md)."""
