"""`seatrial report`: a kept trace, also one of an older version, rendered again by the formats of today.

All that is needed is the trace. What is written is written whole or not at all, by a temporary name and a renaming.
"""

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from seatrial.printing import print_text

if TYPE_CHECKING:
    from harness.trace import Trace

TRACE = "trace.jsonl"

OPAQUE = b'{"opaque":'
"""Stands in a schedule for code that no file can hold: such a trial is replayed by the test that builds it."""


def render(source: str, *, form: str | None, output: str | None) -> None:
    """Render `source` (a trace, or the folder that holds it).

    Without `form`: all formats, into the folder `output`, by default beside the trace; prints what was written. With
    it: that one, to the file or folder `output`, by default to stdout.

    Raises:
        UsageError: the trace cannot be read, there is no such format, or the result cannot be written.
    """
    from harness import registry
    from harness.report_folder import file_name

    formats = [_format(form)] if form is not None else list(registry.reports())
    file = _trace_file(source)
    trace = read(file)
    if form is not None and output in (None, "-"):
        _to_stdout(formats[0].render(trace))
        return
    target = Path(output) if output is not None else file.parent
    if form is not None and not (target.is_dir() or str(output).endswith(os.sep)):
        _write(target.parent, {target.name: formats[0].render(trace)})
        print_text(str(target))
        return
    if output is not None:
        _make(target)
    rendered: dict[str, bytes] = {}
    for each in formats:
        if file_name(each) not in rendered:
            rendered[file_name(each)] = each.render(trace)
    _write(target, rendered)
    print_text("\n".join(str(target / name) for name in rendered))


def read(file: Path) -> "Trace":
    """The trace in `file`. Raises `UsageError`: it cannot be read, or it is none, or not all of one."""
    from harness.errors import UsageError
    from harness.trace import Trace

    try:
        text = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"TRACE {str(file)!r} cannot be read: {error.strerror or error}. Give the trace.jsonl of a report folder."
        ) from error
    trace = Trace.from_jsonl(text, name=str(file))
    schedule = _schedule_beside(file)
    found = schedule.get("expect")
    expected: dict[str, Any] = found if isinstance(found, dict) else {}
    recorded = expected.get("trace_sha256")
    if recorded is not None and recorded != hashlib.sha256(text).hexdigest():
        raise UsageError(
            f"{file} was cut off or changed: it has not the sha256 that schedule.json beside it records. "
            "`seatrial replay` runs the schedule again; to render this file nevertheless, move it to another folder."
        )
    if schedule and OPAQUE not in orjson.dumps(schedule.get("trial")):
        trace.header["replay"] = "seatrial replay schedule.json"
    claims = [event.data.get("property") for event in trace.events if event.kind == "violation"]
    if expected.get("property") in claims:  # of several claims the one that the report was written about
        trace.header["property"] = expected["property"]
    return trace


def _schedule_beside(file: Path) -> dict[str, Any]:
    """What `schedule.json` in the same folder says; nothing if there is none."""
    try:
        found = orjson.loads((file.parent / "schedule.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _format(name: str) -> Any:
    from harness import registry
    from harness.errors import UsageError

    known = {each.name: each for each in registry.reports()}
    if name not in known:
        raise UsageError(f"--format {name!r}: there is no such report format. There are: {', '.join(known)}.")
    return known[name]


def _trace_file(source: str) -> Path:
    from harness.errors import UsageError

    path = Path(source)
    if not path.is_dir():
        return path
    if (path / TRACE).exists():
        return path / TRACE
    below = sorted(found.parent for found in path.glob(f"[!.]*/[!.]*/{TRACE}"))
    hint = f"There is one in {str(below[0])!r}." if below else "Give a trace.jsonl, or the report folder that holds it."
    raise UsageError(f"TRACE {source!r} is a folder without {TRACE}. {hint}")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _write(folder: Path, files: dict[str, bytes]) -> None:
    from harness.report_folder import replace_files

    for name, content in files.items():
        place = folder / name
        try:
            if place.exists() and not stat.S_ISREG(place.stat().st_mode):  # a pipe, /dev/stdout: nothing to replace
                place.write_bytes(content)
                return
        except OSError as error:
            raise _cannot_write(place, error) from error
    try:
        replace_files(folder, files)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(place: Path, error: OSError) -> Exception:
    from harness.errors import UsageError

    return UsageError(
        f"reports cannot be written to {str(place)!r}: {error.strerror or error}. Give another place with --output."
    )


def _to_stdout(content: bytes) -> None:
    """As it is, byte for byte. Who reads may have gone (`| head`)."""
    from harness.errors import UsageError

    try:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UsageError(f"the report cannot be written to stdout: {error.strerror or error}.") from error
