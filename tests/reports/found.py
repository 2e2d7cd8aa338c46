"""Ten bugs of the zoo, of ten kinds, as a search finds them."""

import fcntl
from dataclasses import dataclass
from pathlib import Path

from harness.check import check
from harness.detection import entry_trial, hit
from harness.trace import Trace
from reference_impl.zoo import ZOO, Entry

TEN = (
    "second-secret",
    "two-buckets",
    "proxy-from-the-past",
    "leaked-bucket",
    "deaf-leader",
    "replicas-from-cache",
    "to-and-fro",
    "error-for-an-object",
    "unwatched-child",
    "finished-too-early",
)
"""Bugs of different kinds: what was left out, done twice, destroyed, leaked, done by two, and so on."""


@dataclass(frozen=True, slots=True)
class FoundBug:
    """An entry, and the report folder that a search under seed 0 wrote for it."""

    entry: Entry
    folder: Path
    trace: Trace
    """As read back from disk, which is what `seatrial report` has."""


def find(entry_id: str, report_dir: Path) -> FoundBug:
    """Search as a user would, with the defaults, and keep what the entry promises."""
    entry = next(entry for entry in ZOO if entry.id == entry_id)
    outcome = check(entry_trial(entry), examples=200, report_dir=report_dir, raise_on_failure=False)
    violation = hit(entry, outcome)
    assert violation is not None, f"{entry_id} was not found: {outcome.verdict}"
    return _read(entry, Path(violation.trace_path).parent)


def find_once(entry_id: str, shared: Path) -> FoundBug:
    """The same, by whichever of several test processes comes first; the others read what it found in `shared`."""
    report_dir = shared / entry_id
    report_dir.mkdir(parents=True, exist_ok=True)
    found = report_dir / "found"
    with (report_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            bug = find(entry_id, report_dir)
            found.write_text(str(bug.folder.resolve()))
            return bug
    return _read(next(entry for entry in ZOO if entry.id == entry_id), Path(found.read_text()))


def _read(entry: Entry, folder: Path) -> FoundBug:
    return FoundBug(entry, folder, Trace.from_jsonl((folder / "trace.jsonl").read_bytes()))
