"""The patterns of Kubernetes' architecture as contracts: what each promises, and how an implementation is tried.

One file a pattern (docs/patterns.md). Patterns with a port (stores, watches, elections) are tried by operations beside a model; patterns
of control loops are groups of properties and the weather that tries them. `PATTERNS` is the registry.
"""

from harness.pattern import Pattern
from properties.patterns.consistent_core import ConsistentCorePattern
from properties.patterns.lease import LeasePattern
from properties.patterns.state_watch import StateWatchPattern
from properties.patterns.versioned_value import VersionedValuePattern

PATTERNS: tuple[Pattern, ...] = (
    StateWatchPattern(),
    VersionedValuePattern(),
    ConsistentCorePattern(),
    LeasePattern(),
)
"""In the order of the deck (docs/patterns.md)."""
