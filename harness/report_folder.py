"""Where a finding is kept: `<report-dir>/<trial>/<digest>/`, whole or not at all.

The folder is written under a temporary name beside its place and renamed, so that whoever looks never sees half a
report, and an interrupted run leaves nothing that looks like one. The digest is of the schedule: finding the same thing
again replaces the same folder. `index.html` above the folders is made anew from what is there after each report.

Not modelled here: who decides what is worth keeping.
"""

import contextlib
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


def write_report(
    report_dir: str | os.PathLike[str],
    trial_name: str,
    schedule: dict[str, Any],
    trace: Trace,
    *,
    search: dict[str, Any] | None = None,
) -> Path:
    """Write `schedule.json`, `trace.jsonl` and a report in every installed format; returns the folder.

    Args:
        schedule: as `Schedule.to_json` gives it.
        search: how it was found, for the index: `examples` until then, `faults_fired` {name: count} in them.

    Raises:
        UsageError: the folder cannot be written; names it.
    """
    text = dumps(schedule).encode()
    files = {"schedule.json": text, "trace.jsonl": trace.to_jsonl()}
    if search is not None:
        files["search.json"] = dumps(search).encode()
    for report in registry.reports():
        name = file_name(report)
        if name not in files:  # of two formats that want one name, the first has it
            files[name] = report.render(trace)
    place = Path(report_dir) / _folder_name(trial_name) / hashlib.sha256(text).hexdigest()[:DIGEST_LENGTH]
    _guarded(report_dir, lambda: _write(place, files))
    _guarded(report_dir, lambda: _write_indexes(Path(report_dir)))
    return place


def write_folder(report_dir: str | os.PathLike[str], name: str, digest: str, files: dict[str, bytes]) -> Path:
    """Write `<report-dir>/<name>/<digest>/` with these files; returns the folder. Raises UsageError."""
    place = Path(report_dir) / _folder_name(name) / digest
    _guarded(report_dir, lambda: _write(place, files))
    return place


def file_name(report: Any) -> str:
    """What a format's file is called in a report folder: its `filename`, else "report" with its `suffix`."""
    return Path(getattr(report, "filename", "") or f"report{report.suffix}").name


def replace_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write files so that each is as it was or as it should be, whatever happens; all or none if the disk is full.

    Raises:
        OSError: they cannot be written; nothing has changed.
    """
    temporary: dict[Path, Path] = {}
    try:
        for name, content in files.items():
            temporary[folder / name] = _temporary_file(folder, content)
        for place, written in temporary.items():
            written.replace(place)
    finally:
        for written in temporary.values():
            written.unlink(missing_ok=True)


def _temporary_file(folder: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".writing-")
    try:
        os.close(handle)
        _write_through(Path(name), content)
        Path(name).chmod(0o644)  # mkstemp is private; a report is for everyone who may read the folder
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


# ------------------------------------------------------------------------------------------------------------ the index


def _write_indexes(report_dir: Path) -> None:
    """Several processes may report at once. Whoever renames last has looked again afterwards, so nobody is left out."""
    for index in registry.indexes():
        shown = None
        while shown != (there := _folders(report_dir)):
            replace_files(report_dir, {index.filename: index.render(report_dir)})
            shown = there


def _folders(report_dir: Path) -> list[tuple[str, int]]:
    """The report folders and when each was written; what vanishes meanwhile is being replaced."""
    found: list[tuple[str, int]] = []
    for file in sorted(report_dir.glob("[!.]*/[!.]*/schedule.json")):
        with contextlib.suppress(FileNotFoundError):
            found.append((str(file), file.stat().st_mtime_ns))
    return found


# ----------------------------------------------------------------------------------------------------------- the folder


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
            _write_through(temporary / name, content)
        _swap_in(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_through(file: Path, content: bytes) -> None:
    """To the disk and not only to its cache: else the renaming may outlive a power cut that the content does not."""
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


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
