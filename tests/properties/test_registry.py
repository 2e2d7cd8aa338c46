"""Tests of the registry: every claim has its file, its name and its place."""

import re
from pathlib import Path

import pytest

import properties
from harness.contract import Property
from properties import PROPERTIES

FOLDER = Path(properties.__file__).parent
GROUND = {
    "__init__", "hindsight", "knowledge", "linearizability", "ownership", "pod", "subject", "watch_history", "wording",
}  # fmt: skip
"""Modules that hold no claim."""


def test_each_claim_file_is_in_the_registry_under_its_own_name() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - GROUND
    names = {claim.name for claim in PROPERTIES}
    assert files == names, f"add to PROPERTIES in properties/__init__.py: {sorted(files - names)}"


def test_no_two_claims_share_a_name() -> None:
    assert len({claim.name for claim in PROPERTIES}) == len(PROPERTIES)


def test_opt_in_claims_come_last() -> None:
    flags = [getattr(claim, "opt_in", False) for claim in PROPERTIES]
    assert flags == sorted(flags)


@pytest.mark.parametrize("claim", PROPERTIES, ids=lambda claim: claim.name)
def test_each_claim_says_who_promises_it_and_when_it_is_judged(claim: Property) -> None:
    assert claim.source
    assert isinstance(claim.voided_by, tuple)
    assert claim.when in ("always", "at_rest", "eventually", "sometimes")
    on: frozenset[str] = getattr(claim, "on", frozenset())
    assert on <= {"request", "create", "update", "delete"}
    assert bool(on) == (claim.when == "always")
    assert re.fullmatch(r"[a-z_]+", claim.name)


def test_the_names_that_others_rely_on_are_there() -> None:
    """Named in the public contract's examples."""
    assert {"converges", "idempotent", "no_panic", "leader_writes_inside_its_lease"} <= {c.name for c in PROPERTIES}
