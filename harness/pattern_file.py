"""A schedule of operations on disk, and the report about it: what was found is kept, shown in sentences, and can be run
again.

The folder lies beside those of trials, `<report-dir>/<pattern>-<target>/<digest>/`, whole or not at all. Files are read
with suspicion, since people write and edit them.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

from harness.errors import UsageError
from harness.pattern import OperationPattern
from harness.pattern_search import Breach
from harness.pattern_shrink import Operations
from harness.report_folder import DIGEST_LENGTH, write_folder
from harness.schedule import dumps, versions
from reference_impl.protocol import JsonObject

FORMAT_VERSION: Final = 1
MARK: Final = "seatrial_operations"
FILE: Final = "operations.json"
_FIELDS: Final = (MARK, "pattern", "target", "operations", "expect", "versions")


def write_breach(report_dir: Any, pattern: OperationPattern, target: str, breach: Breach) -> Path:
    """Write the folder; answers where the schedule is. Raises UsageError."""
    document: JsonObject = {
        MARK: FORMAT_VERSION,
        "pattern": pattern.name,
        "target": target,
        "operations": breach.operations,
        "expect": {"promise": breach.promise},
        "versions": versions(),
    }
    content = dumps(document).encode()
    digest = hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]
    report = _markdown(pattern, target, breach).encode()
    folder = write_folder(report_dir, f"{pattern.name}-{target}", digest, {FILE: content, "report.md": report})
    return folder / FILE


def narrative(pattern: OperationPattern, breach: Breach) -> str:
    """The numbered operations, and what is wrong at the end."""
    lines = [f"{number}. {pattern.shown(operation)}" for number, operation in enumerate(breach.operations, 1)]
    return "\n".join([*lines, f"Then: {breach.reason}"])


def _markdown(pattern: OperationPattern, target: str, breach: Breach) -> str:
    promise = next(each for each in pattern.promises if each.name == breach.promise)
    return (
        f"# {breach.promise} is broken by {target}\n\n"
        f"Pattern **{pattern.name}**: {pattern.says}.\n\n"
        f"The promise: {promise.says} ({promise.source})\n\n"
        f"{narrative(pattern, breach)}\n"
    )


def is_operations_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file says that it is one; what cannot be read is not."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and MARK in document


def load_operations(path: str | os.PathLike[str]) -> tuple[str, str, Operations, str | None]:
    """(pattern, target, operations, expected promise). Raises UsageError that names file and field."""
    where = f"schedule {os.fspath(path)}"
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    number = document[MARK]
    if number != FORMAT_VERSION:
        raise UsageError(
            f"{where}: {MARK}={number!r}: this seatrial reads {FORMAT_VERSION}; upgrade it, or mend the file"
        )
    for name in document:
        if name not in _FIELDS:
            raise UsageError(f"{where}: field {name!r} is unknown; allowed are {', '.join(_FIELDS)}")
    for name, expected in (("pattern", str), ("target", str), ("operations", list)):
        if not isinstance(document.get(name), expected):
            raise UsageError(f"{where}: {name} must be a {'list' if expected is list else 'string'}")
    operations: Operations = document["operations"]
    for index, operation in enumerate(operations):
        if not isinstance(operation, dict) or not isinstance(operation.get("do"), str):
            raise UsageError(f'{where}: operations[{index}] is not an operation: write {{"do": "put", ...}}')
    expect = document.get("expect")
    if expect is not None and not (isinstance(expect, dict) and isinstance(expect.get("promise"), str)):
        raise UsageError(f'{where}: expect must be {{"promise": "..."}}, or be left out')
    return document["pattern"], document["target"], operations, expect["promise"] if expect else None
