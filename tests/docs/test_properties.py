"""`docs/properties.md`: each statement of the catalogue has its row, and each property of ours is in one."""

import re

from properties import PROPERTIES
from tests.docs.tables import TOP

TEXT = (TOP / "docs" / "properties.md").read_text(encoding="utf-8")
HEAD = re.compile(r"\| id \| property \| [^|]+ \|\n\|---\|---\|---\|\n")

CATALOGUE = re.findall(
    r"\S+",
    """
    I-MONO I-POD1 I-UIDDEL I-PVCDATA I-NOREGRESS I-BUDGET I-REPL-UP I-UNIQ-CHILD I-REFS I-DELDOM I-GC I-ADOPT I-CAP
    I-UNIQ-ALLOC I-VOL I-VOL1 I-ORDER I-FIN-BEFORE-EFFECT I-MONOTONE-STATUS I-GENBOUND I-LEADER-WRITE L-FENCE
    I-FIELD-OWN I-ABA I-NOCRASH I-EXT1

    I-ESR I-FIX I-IDEMP I-SUM I-ENDSTATE I-ORPHAN0 I-LEAK I-DRIFT I-FINLIVE I-CACHE I-LATENCY I-PROGRESS I-HOT
    I-ORDERINDEP

    W-ORDERED W-UNIQUE W-ATOMIC W-RELIABLE W-RESUMABLE W-BOOKMARK O-20 O-21
    """,
)
"""Its ids, in its order (section 2.4)."""


def _rows() -> list[tuple[str, str, str]]:
    """(id, property, remark) of every table of the page."""
    rows = []
    for part in HEAD.split(TEXT)[1:]:
        for line in part.split("\n\n")[0].splitlines():
            name, named, remark = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append((name, named, remark))
    return rows


ROWS = _rows()


def _named(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_every_statement_of_the_catalogue_has_one_row() -> None:
    assert [name for name, _, _ in ROWS if name in CATALOGUE] == CATALOGUE


def test_every_named_property_exists() -> None:
    known = {claim.name for claim in PROPERTIES}
    assert [name for _, cell, _ in ROWS for name in _named(cell) if name not in known] == []


def test_every_property_of_ours_answers_a_statement() -> None:
    listed = {name for _, cell, _ in ROWS for name in _named(cell)}
    assert [claim.name for claim in PROPERTIES if claim.name not in listed] == []


def test_a_statement_without_a_property_says_why() -> None:
    unanswered = [(name, cell, remark) for name, cell, remark in ROWS if not _named(cell)]
    assert unanswered
    assert [name for name, cell, remark in unanswered if cell != "none" or not remark] == []
    others = [(name, cell) for name, cell, _ in ROWS if _named(cell)]
    assert [name for name, cell in others if re.sub(r"`\w+`(, )?", "", cell)] == []
