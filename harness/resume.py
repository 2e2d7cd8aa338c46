"""The file that keeps a sweep's results as they come, so that one that was ended goes on where it was."""

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.points import Tried
from harness.session import Tally


class ResumeFile:
    """Results as JSON lines: a header, then one line a point. Without a path it keeps nothing.

    Raises:
        UsageError: the file is of another sweep, is none, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str] | None, header: dict[str, Any]) -> None:
        self.known: dict[str, dict[str, Tried]] = {"attempt": {}, "attempt_pairs": {}}
        self._file: Any = None
        if path is None:
            return
        place = Path(path)
        try:
            text = place.read_bytes() if place.exists() else b""
            # A last line without an end was being written when that sweep was killed.
            whole = text[: text.rfind(b"\n") + 1]
            if whole:
                self._read(place, whole.splitlines(), header)
            elif not _line(header).startswith(text):
                raise UsageError(
                    f"{os.fspath(path)!r} is no file of a sweep, and nothing of it is overwritten. "
                    "Give another one with --resume, or delete it"
                )
            # Appended to, never emptied: whoever is killed here loses nothing but that last line.
            self._file = place.open("ab")
            if len(whole) < len(text):
                self._file.truncate(len(whole))
            if not whole:
                self._file.write(_line(header))
                self._file.flush()
        except OSError as error:
            raise UsageError(
                f"{os.fspath(path)!r} cannot be written: {error.strerror or error}. Give another file with --resume"
            ) from error

    def _read(self, place: Path, lines: Sequence[bytes], header: dict[str, Any]) -> None:
        try:
            documents = [json.loads(line) for line in lines]
            found, wanted = documents[0], json.loads(_line(header))
            if not {"seatrial_sweep", "trial"} <= found.keys() or not isinstance(found.get("versions", {}), dict):
                raise ValueError("its first line is of something else")
            for document in documents[1:]:
                tally = Tally(**document["tried"].pop("tally"))
                tried = Tried(**document["tried"], tally=tally)
                tried.found = [(name, key, weather) for name, key, weather in tried.found]
                self.known[document["what"]][tried.name] = tried
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{str(place)!r} is no file of a sweep: {error}. Give another one with --resume, or delete it"
            ) from error
        if found != wanted:
            what = _difference(found, wanted)
            raise UsageError(f"{str(place)!r} is of another {what}. Give another file with --resume, or delete it")

    def keep(self, what: str, tried: Tried) -> None:
        if self._file is not None:
            self._file.write(_line({"what": what, "tried": asdict(tried)}))
            self._file.flush()

    def __enter__(self) -> "ResumeFile":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()


def _difference(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Of what else a file is, by its header."""
    if found["trial"] != wanted["trial"]:
        return "trial"
    before, now = found.get("versions") or {}, wanted["versions"]
    changed = [
        f"{name} ({before.get(name, 'unknown')}, now {now[name]})" for name in now if before.get(name) != now[name]
    ]
    return f"version of {', '.join(changed)}" if changed else "version of the controller"


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode() + b"\n"
