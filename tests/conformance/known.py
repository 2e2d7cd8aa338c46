"""Differences that are known, each with its reason: a TOML file beside a recording.

    [[known]]
    request = "GET /api/v1/namespaces*"      # method and target; * stands for anything
    at = "$.items[*].metadata.managedFields"
    reason = "objects that a server makes itself are not tracked here"

An entry that nothing meets any more is told, so that the file never excuses more than there is.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.difference import Difference


class BadKnown(Exception):
    """A file that cannot be used, in one line."""


@dataclass(frozen=True, slots=True)
class Known:
    request: str
    at: str
    reason: str

    def meets(self, difference: Difference) -> bool:
        line = difference.request.partition(" ")[2]
        return _matches(self.request, line) and _matches(self.at, difference.at)

    def __str__(self) -> str:
        return f"{self.request}  {self.at}"


@dataclass(frozen=True, slots=True)
class Judged:
    """`unknown` differences, how many were `excused`, and entries that were `unused`."""

    unknown: list[Difference]
    excused: int
    unused: list[Known]


def read(path: Path) -> list[Known]:
    """Raises BadKnown."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadKnown(f"{path} cannot be read: {error.strerror}. Name a file of known differences.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadKnown(f"{path} is no TOML: {error}. Mend it.") from None
    entries = found.get("known")
    if set(found) - {"known"} or not isinstance(entries, list | None):
        raise BadKnown(f"{path} holds something else than [[known]] entries. Write each as [[known]].")
    return [_entry(path, number, entry) for number, entry in enumerate(entries or [], 1)]


def _entry(path: Path, number: int, entry: Any) -> Known:
    keys = ("request", "at", "reason")
    if not isinstance(entry, dict) or set(entry) != set(keys) or not all(entry[key] for key in keys):
        raise BadKnown(f"{path}, entry {number}: an entry has request, at and reason, each a text. Write all three.")
    return Known(*(str(entry[key]) for key in keys))


def judge(differences: Sequence[Difference], known: Sequence[Known]) -> Judged:
    unknown = [each for each in differences if not any(one.meets(each) for one in known)]
    unused = [one for one in known if not any(one.meets(each) for each in differences)]
    return Judged(unknown, len(differences) - len(unknown), unused)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.S) is not None
