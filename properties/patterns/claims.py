"""Promises of control-loop patterns: each is a property, which says itself what it claims, who promises it, and what
voids it."""

import sys

from harness.contract import Property
from harness.pattern import Promise


def promises(*claims: Property) -> tuple[Promise, ...]:
    """The same claims as promises; what one says is the first paragraph of its module."""
    return tuple(
        Promise(name=claim.name, says=_says(claim), source=claim.source, voided_by=claim.voided_by) for claim in claims
    )


def _says(claim: Property) -> str:
    doc = sys.modules[type(claim).__module__].__doc__ or ""
    return " ".join(doc.split("\n\n")[0].split())
