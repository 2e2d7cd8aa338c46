"""Where a finding is kept: `<report-dir>/<trial>/<digest>/`, whole or not at all.

The folder is written under a temporary name beside its place and renamed, so that whoever looks never sees half a
report, and an interrupted run leaves nothing that looks like one. The digest is of the schedule: finding the same thing
again replaces the same folder.

Not modelled here: `index.html`, and who decides what is worth keeping.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import registry
from harness.errors import UsageError
from harness.schedule import dumps
from harness.trace import Trace

DIGEST_LENGTH = 12
"""Hex digits in a folder's name; enough that no two findings of one trial ever meet."""


def assert_writable(report_dir: str | os.PathLike[str]) -> None:
    """Find out before step 0 whether reports can be kept there, creating the folder if need be.

    Raises:
        UsageError: they cannot; names the folder.
    """
    _guarded(report_dir, lambda: _try_out(Path(report_dir)))


def write_report(report_dir: str | os.PathLike[str], trial_name: str, schedule: dict[str, Any], trace: Trace) -> Path:
    """Write `schedule.json`, `trace.jsonl` and `report.*` in every installed format; returns the folder.

    Args:
        schedule: as `Schedule.to_json` gives it.

    Raises:
        UsageError: the folder cannot be written; names it.
    """
    text = dumps(schedule).encode()
    files = {"schedule.json": text, "trace.jsonl": trace.to_jsonl()}
    for report in registry.reports():
        files[f"report{report.suffix}"] = report.render(trace)
    place = Path(report_dir) / _folder_name(trial_name) / hashlib.sha256(text).hexdigest()[:DIGEST_LENGTH]
    _guarded(report_dir, lambda: _write(place, files))
    return place


def _folder_name(trial_name: str) -> str:
    """A trial's name as a folder: "website:website" becomes "website-website". Never empty, never a path."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", trial_name).strip(".-")[:100] or "trial"


def _try_out(report_dir: Path) -> None:
    report_dir.mkdir(parents=True, exist_ok=True)
    # Permission bits do not tell (root, read-only mounts, full disks): writing does.
    with tempfile.NamedTemporaryFile(dir=report_dir, prefix=".seatrial-"):
        pass


def _write(place: Path, files: dict[str, bytes]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=".writing-"))
    try:
        # mkdtemp is private; a report is for everyone who may read the folder above.
        temporary.chmod(0o755)
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        _swap_in(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap_in(temporary: Path, place: Path) -> None:
    """Rename into place. A folder cannot be renamed over a full one, so an old one steps aside first."""
    if not place.exists():
        try:
            temporary.rename(place)
            return
        except OSError:
            if not place.exists():
                raise
            # Another process found the same and was faster.
    aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=".replaced-"))
    try:
        place.rename(aside / "old")
        temporary.rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _guarded(report_dir: str | os.PathLike[str], act: Callable[[], None]) -> None:
    try:
        act()
    except OSError as error:
        raise UsageError(
            f"reports cannot be written to {os.fspath(report_dir)!r}: {error.strerror or error}. "
            "Give another folder with --report-dir"
        ) from error
