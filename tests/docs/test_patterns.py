"""`docs/patterns.md` has every pattern and promise, and `docs/design-considerations.md` every consideration of the
deck."""

import re

from harness import registry
from tests.docs.tables import PATTERN_TABLES, PATTERNS, TOP, with_tables

CONSIDERATIONS = (TOP / "docs" / "design-considerations.md").read_text(encoding="utf-8")
ASKED_FOR = (
    "availability", "scalability", "resiliency", "security", "flow control", "extensibility", "observability",
    "durability", "consistency", "deployment", "versioning", "responsiveness", "programming model", "recovery",
    "communication",
)  # fmt: skip
"""Page 8 of the deck."""


def test_the_tables_of_promises_are_up_to_date() -> None:
    text = PATTERNS.read_text(encoding="utf-8")
    assert with_tables(text, PATTERN_TABLES) == text, "run `python -m tests.docs.regenerate`"


def test_each_consideration_has_its_row() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| [^|]+ \| [^|]*\|$", CONSIDERATIONS, re.M)
    assert rows == ["consideration", *ASKED_FOR]


def test_what_the_considerations_name_exists() -> None:
    patterns = {pattern.name for pattern in registry.patterns()}
    known = patterns | {promise.name for pattern in registry.patterns() for promise in pattern.promises}
    known |= {claim.name for claim in registry.properties()} | {fault.name for fault in registry.faults()}
    named = re.findall(r"`([a-z]+(?:[_-][a-z]+)*)`", CONSIDERATIONS)
    others = {"seatrial"}
    assert [name for name in named if name not in known | others] == []


def test_every_promise_says_who_makes_it() -> None:
    for pattern in registry.patterns():
        assert pattern.promises
        assert [promise.name for promise in pattern.promises if not promise.source or promise.says[-1] != "."] == []
        names = [promise.name for promise in pattern.promises]
        assert len(set(names)) == len(names)
