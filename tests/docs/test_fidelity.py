"""`docs/fidelity.md`: every rule has a source and a test, and the tests exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.tables import TOP

SECTIONS = (
    "Store",
    "API server",
    "Admission webhooks",
    "Admission",
    "Runtime",
    "Controllers",
    "Scheduler and kubelets",
)
TEXT = (TOP / "docs" / "fidelity.md").read_text(encoding="utf-8")
ROWS_MIN = 60
"""What issue 2 asks for."""


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _rows(section: str) -> list[list[str]]:
    body = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [_cells(line) for line in body.splitlines() if line.startswith("|")][2:]


ROWS = [row for section in SECTIONS for row in _rows(section)]


@cache
def _tests_of(path: Path) -> frozenset[str]:
    """Names of the test functions of a file, those in classes as "Class::test"."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            found += [f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)]
    return frozenset(found)


def test_there_are_enough_rules_and_none_twice() -> None:
    rules = [row[0] for row in ROWS]
    assert len(rules) >= ROWS_MIN
    assert [rule for rule in rules if rules.count(rule) > 1] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_has_a_rule_a_source_and_a_test(section: str) -> None:
    rows = _rows(section)
    assert rows
    assert [row for row in rows if len(row) != 3 or not all(row)] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_every_named_test_exists(section: str) -> None:
    missing = []
    for rule, _, named in _rows(section):
        match = re.fullmatch(r"`(tests/[\w/]+\.py)::([\w:]+)(?:\[.*\])?`", named)
        if match is None or not (TOP / match[1]).is_file() or match[2] not in _tests_of(TOP / match[1]):
            missing.append(f"{rule}: {named}")
    assert missing == []


def test_every_section_with_a_table_is_checked() -> None:
    tables = [part.partition("\n")[0] for part in TEXT.split("\n## ")[1:] if "\n|---" in part]
    assert tuple(tables) == SECTIONS
