"""`README.md`: its tables are those of the registries, its words mean what they say, its commands and links exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from harness import registry
from seatrial.command import commands
from tests.docs.tables import README, TABLES, TOP, with_tables

TEXT = README.read_text(encoding="utf-8")
DOCUMENTS = [README, TOP / "CHANGELOG.md", *sorted((TOP / "docs").glob("*.md")), TOP / "tests" / "README.md"]


def test_the_tables_are_what_the_commands_say() -> None:
    assert with_tables(TEXT) == TEXT, "run: python -m tests.docs.regenerate"


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_marker_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"generated: {name}"):
        with_tables(TEXT.replace(f"<!-- end of generated: {name} -->", ""))


def test_the_words_of_the_mission_name_kinds_of_the_right_legality() -> None:
    legal = {fault.name: fault.legal for fault in registry.faults()}
    section = TEXT.split("## What the words mean")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    words = [row[0].strip("| *") for row in rows]
    assert words[:4] == ["reorder", "duplicate", "drop", "crash"]
    for row in rows:
        assert all(legal[name] for name in re.findall(r"`(\w+)`", row[1])), row
        assert not any(legal[name] for name in re.findall(r"`(\w+)`", row[2])), row


def _commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", "".join(document.read_text("utf-8") for document in DOCUMENTS), re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("seatrial ")]


@pytest.mark.parametrize("line", _commands())
def test_each_command_that_is_shown_has_options_that_exist(line: str) -> None:
    _, name, *rest = shlex.split(line.partition("  #")[0])
    command = commands.commands[name]
    if isinstance(command, click.Group):
        command = command.commands[rest[0]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert [word for word in rest if word.startswith("--") and word not in known] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_path_that_is_named_exists(document: Path) -> None:
    tops = ("harness", "properties", "reports", "reference_impl", "seatrial", "tests", "examples", "docs")
    named = re.findall(rf"`((?:{'|'.join(tops)})/[\w/.-]*)`", document.read_text(encoding="utf-8"))
    assert [path for path in named if not (TOP / path).exists()] == []
