"""The page that GitHub Actions shows for a job: the reports of failed trials, appended as they come.

Several processes (pytest-xdist) may append at once, so each report is one write. GitHub takes no more than a megabyte a
step and drops all of it otherwise, so a report that would go over that is named only.
"""

import os
from pathlib import Path

VARIABLE = "GITHUB_STEP_SUMMARY"
"""Set by GitHub Actions: the file of the page."""

MAX_BYTES = 1024 * 1024
ROOM_FOR_NAMES = 16 * 1024
"""Kept free for the names of reports that do not fit."""


def append(text: str, otherwise: str) -> str | None:
    """Add `text`, or `otherwise` where it does not fit, to the page, if there is one. Returns what went wrong, if
    anything did: a test run does not fail for it."""
    file = os.environ.get(VARIABLE)
    if not file:
        return None
    try:
        there = Path(file).stat().st_size if Path(file).exists() else 0
        content = f"{text.rstrip()}\n\n".encode("utf-8", errors="replace")
        if there + len(content) > MAX_BYTES - ROOM_FOR_NAMES:
            content = f"{otherwise.rstrip()}\n\n".encode("utf-8", errors="replace")
        if there + len(content) > MAX_BYTES:
            return f"{file} is full"
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, content)
        finally:
            os.close(handle)
    except OSError as error:
        return f"{file} cannot be written: {error.strerror or error}"
    return None
