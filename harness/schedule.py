"""What was decided: the one file that every decider writes and a replay reads.

A schedule is complete: the trial, what users did, and the weather, each piece anchored to the message it struck by who
sent what and the how-manyeth time, never by a global count, so that it survives small changes of the code. Files are
read with suspicion, since people write and edit them: each refusal names the field and what is allowed.

Source of the format: `schedule.json` in the interface document. Version 1.
"""

import hashlib
import inspect
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import registry
from harness.actions import validate_workload
from harness.code_reference import modules_behind
from harness.errors import UsageError
from harness.manifests import kinds_served
from reference_impl.protocol import JsonObject

if TYPE_CHECKING:
    from harness.trial import Trial

FORMAT_VERSION = 1

REQUEST_PLACES = ("request", "after_commit", "external_request", "external_reply")
PLACES = (*REQUEST_PLACES, "delivery", "step")
"""Where weather strikes: on a request's way, after its commit, at an event's delivery, between two user actions."""

_FIELDS = ("seatrial_schedule", "trial", "versions", "code_digest", "salt", "workload", "weather", "expect")
_REQUIRED = ("seatrial_schedule", "trial", "workload", "weather")
_REQUEST_ANCHORS = ("verb", "kind", "name", "namespace", "nth", "after")
_EVENT_ANCHORS = ("type", "kind", "name", "namespace", "nth", "after")


@dataclass(slots=True, kw_only=True)
class Schedule:
    """`trial`: see `Trial.describe`. `salt` 0 is calm. `expect`: {"property", "trace_sha256"}, or None if written by
    hand. `versions` and `code_digest` say whether byte-for-byte replay can be expected."""

    trial: JsonObject
    salt: int = 0
    workload: list[JsonObject] = field(default_factory=list)
    weather: list[JsonObject] = field(default_factory=list)
    expect: JsonObject | None = None
    versions: dict[str, str] = field(default_factory=dict)
    code_digest: str = ""

    @property
    def size(self) -> int:
        """Explicit actions, workload and weather together."""
        return len(self.workload) + len(self.weather)

    def to_json(self) -> JsonObject:
        document: JsonObject = {
            "seatrial_schedule": FORMAT_VERSION,
            "trial": self.trial,
            "versions": self.versions,
            "code_digest": self.code_digest,
            "salt": self.salt,
            "workload": self.workload,
            "weather": self.weather,
        }
        if self.expect is not None:
            document["expect"] = self.expect
        return document

    def dumps(self) -> str:
        """Deterministic JSON: sorted keys, a line for each leaf, and a newline at the end."""
        return dumps(self.to_json())


def dumps(document: JsonObject) -> str:
    """JSON as all files of a report folder have it."""
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def load(path: str | os.PathLike[str]) -> Schedule:
    """Read a schedule file.

    Raises:
        UsageError: one line that names the file, the field, and what is allowed.
    """
    name = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"schedule {name} cannot be read: {error.strerror}. Give the schedule.json of a report"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"schedule {name} is not a text file: give the schedule.json of a report") from error
    if not text.strip():
        raise UsageError(f"schedule {name} is empty: give the schedule.json of a report")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        end = error.pos >= len(text.rstrip()) or "Unterminated" in error.msg
        what = "ends in the middle: it was cut short, copy it whole" if end else "is not JSON"
        raise UsageError(f"schedule {name} {what} (line {error.lineno}: {error.msg})") from error
    except RecursionError as error:
        raise UsageError(f"schedule {name} is nested too deeply to be a schedule") from error
    return from_json(document, f"schedule {name}")


def from_json(document: Any, where: str = "schedule") -> Schedule:
    """A parsed schedule, checked. Raises UsageError that begins with `where`."""
    if not isinstance(document, dict):
        raise UsageError(
            f"{where} holds a {type(document).__name__}, not an object: give the schedule.json of a report"
        )
    if "seatrial_schedule" not in document:
        raise UsageError(f"{where} has no seatrial_schedule: it is not a schedule; give the schedule.json of a report")
    _check_version(document["seatrial_schedule"], where)
    for name in _REQUIRED:
        if name not in document:
            raise UsageError(f"{where} has no {name!r}: it needs {', '.join(_REQUIRED)}")
    for name in document:
        if name not in _FIELDS:
            raise UsageError(f"{where}: field {name!r} is unknown; allowed are {', '.join(_FIELDS)}")
    _check_type(document, "trial", dict, where)
    _check_type(document, "versions", dict, where)
    _check_type(document, "code_digest", str, where)
    _check_type(document, "salt", int, where)
    for name in ("workload", "weather"):
        _check_type(document, name, list, where)
    manifests = document["trial"].get("manifests") or []
    if not isinstance(manifests, list) or not all(isinstance(obj, dict) for obj in manifests):
        raise UsageError(f"{where}: trial.manifests must be a list of objects")
    try:
        workload = validate_workload(document["workload"], kinds_served(manifests))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    known = {fault.name: None for fault in registry.faults()}
    weather = [_weather(item, known, f"{where}: weather[{i}]") for i, item in enumerate(document["weather"])]
    return Schedule(
        trial=document["trial"],
        salt=document.get("salt", 0),
        workload=list(workload),
        weather=weather,
        expect=_expect(document.get("expect"), document["trial"], where),
        versions=document.get("versions", {}),
        code_digest=document.get("code_digest", ""),
    )


def versions() -> dict[str, str]:
    """What has to be the same for a replay to give the same bytes."""
    found = {"seatrial": "0", "python": platform.python_version()}
    for name in ("seatrial", "trio", "hypothesis"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # A checkout that is not installed: nothing to compare, and never equal to a release.
            found[name] = "uninstalled"
    return found


def code_digest(trial: "Trial") -> str:
    """SHA-256 over the source files of the controllers' modules, those of other code under the plane, and the user
    modules that they use, in a fixed order.

    Installed packages are not looked at: a change there is found as a trace that differs.
    """
    sources: dict[str, bytes] = {}
    plane = (trial.plane.store, trial.plane.apiserver) if trial.plane is not None else ()
    for module in modules_behind(inspect.getmodule(code) for code in (*trial.factories, *plane) if code is not None):
        file = getattr(module, "__file__", None)
        if file is not None and os.path.isfile(file) and file.endswith(".py"):
            # By module, not by path: the same code in another folder is the same code.
            sources[module.__name__] = Path(file).read_bytes()
    digest = hashlib.sha256()
    for name in sorted(sources):
        content = sources[name]
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


# ------------------------------------------------------------------------------------------------------------- checking


def _check_version(number: Any, where: str) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise UsageError(f"{where}: seatrial_schedule={number!r} is no version: this seatrial reads {FORMAT_VERSION}")
    if number > FORMAT_VERSION:
        raise UsageError(
            f"{where} was written by a newer seatrial (its format is {number}, this one reads {FORMAT_VERSION}): "
            "upgrade seatrial"
        )


def _check_type(document: JsonObject, name: str, expected: type, where: str) -> None:
    value = document.get(name)
    if name in document and (not isinstance(value, expected) or isinstance(value, bool)):
        words = {dict: "an object", list: "a list", str: "a string", int: "a whole number"}
        raise UsageError(f"{where}: {name}={_short(value)} must be {words[expected]}")


def _expect(expect: Any, trial: JsonObject, where: str) -> JsonObject | None:
    if expect is None:
        return None
    if not isinstance(expect, Mapping) or not isinstance(expect.get("property"), str):
        raise UsageError(f'{where}: expect={_short(expect)} must be {{"property": ..., "trace_sha256": ...}}')
    for name, value in expect.items():
        if name not in ("property", "trace_sha256", "reproduced") or not isinstance(value, str | None):
            raise UsageError(
                f"{where}: expect.{name}={_short(value)} is not allowed: it holds property and trace_sha256 (of a "
                "process in its place reproduced, as '2 of 3')"
            )
    known = [item.name for item in registry.properties()]
    # A property that was made in a test is in no registry; the trial says its name.
    known += [item["opaque"] for item in trial.get("properties") or () if isinstance(item, dict) and "opaque" in item]
    if expect["property"] not in known:
        raise UsageError(f"{where}: expect.property: {_no_such(expect['property'], known, '`seatrial properties`')}")
    return dict(expect)


def _weather(item: Any, known: dict[str, None], where: str) -> JsonObject:
    if not isinstance(item, Mapping):
        raise UsageError(f'{where}={_short(item)} is not an object: write {{"do": "crash", "at": ..., ...}}')
    for name in ("do", "at"):
        if name not in item:
            raise UsageError(f"{where} has no {name!r}: weather needs a fault (do) and where it strikes (at)")
    if item["do"] not in known:
        raise UsageError(f"{where}: {_no_such(item['do'], list(known), '`seatrial faults`')}")
    if item["at"] not in PLACES:
        raise UsageError(f"{where}: at={_short(item['at'])} is no place; use one of {', '.join(PLACES)}")
    if "component" in item and not isinstance(item["component"], str):
        raise UsageError(f"{where}: component={_short(item['component'])} must be the name of a component")
    if item["at"] == "step":
        _check_number(item, "step", 0, where)
        _refuse(item, ("request", "event"), where)
    elif item["at"] == "delivery":
        _refuse(item, ("request", "step"), where)
        _anchor(item, "event", _EVENT_ANCHORS, where)
    else:
        _refuse(item, ("event", "step"), where)
        _anchor(item, "request", _REQUEST_ANCHORS, where)
    return dict(item)


def _anchor(item: Mapping[str, Any], name: str, allowed: tuple[str, ...], where: str) -> None:
    anchor = item.get(name)
    if not isinstance(anchor, Mapping):
        raise UsageError(f"{where}: {name}={_short(anchor)} must say which: an object of {', '.join(allowed)}")
    for key, value in anchor.items():
        if key not in allowed:
            raise UsageError(f"{where}: {name}.{key} is unknown; allowed are {', '.join(allowed)}")
        if key in ("nth", "after"):
            _check_number(anchor, key, 1 if key == "nth" else 0, f"{where}: {name}")
        elif value is not None and not isinstance(value, str):
            raise UsageError(f"{where}: {name}.{key}={_short(value)} must be a string")


def _check_number(item: Mapping[str, Any], name: str, least: int, where: str) -> None:
    value = item.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{where}: {name}={_short(value)} must be a whole number from {least}")


def _refuse(item: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in names:
        if name in item:
            raise UsageError(f"{where}: {name} does not go with at={item['at']!r}: leave it out, or change at")


def _no_such(name: Any, known: list[str], command: str) -> str:
    near = get_close_matches(str(name), known, n=2)
    return f"there is no {name!r}; " + (f"did you mean {' or '.join(near)}?" if near else f"{command} lists them")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
