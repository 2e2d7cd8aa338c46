"""Ten bugs of the zoo, of ten kinds, as a search finds them."""

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
    folder = Path(violation.trace_path).parent
    return FoundBug(entry, folder, Trace.from_jsonl((folder / "trace.jsonl").read_bytes()))
