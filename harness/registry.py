"""What can be plugged in: faults, properties, report formats and controllers, ours found like a stranger's.

Each is an entry-point group whose values are one plug-in or a tuple of them. Ours come first (entry point `builtin`),
then the others by entry-point name, so that the order does not depend on what was installed when. Of two plug-ins with
one name the first wins. In a checkout that is not installed there are no entry points: then the same attribute is
imported by name, without a static import, because the harness must not depend on properties or reports.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from harness.contract import Fault, Property
from harness.errors import UsageError
from harness.pattern import Pattern

BUILT_IN: dict[str, str] = {
    "seatrial.faults": "harness.faults:FAULTS",
    "seatrial.properties": "properties:PROPERTIES",
    "seatrial.reports": "reports:FORMATS",
    "seatrial.indexes": "reports:INDEXES",
    "seatrial.patterns": "properties.patterns:PATTERNS",
}


@cache
def faults() -> tuple[Fault, ...]:
    """All installed fault kinds. Raises UsageError if a plug-in cannot be loaded."""
    return cast("tuple[Fault, ...]", _plug_ins("seatrial.faults"))


@cache
def properties() -> tuple[Property, ...]:
    """All installed properties, most severe first. Raises UsageError if a plug-in cannot be loaded."""
    return cast("tuple[Property, ...]", _plug_ins("seatrial.properties"))


@cache
def reports() -> tuple[Any, ...]:
    """All installed report formats (`name`, `suffix`, `render(trace) -> bytes`). Raises UsageError."""
    return _plug_ins("seatrial.reports")


@cache
def patterns() -> tuple[Pattern, ...]:
    """All installed patterns, in the order of the documentation. Raises UsageError if a plug-in cannot be loaded."""
    return cast("tuple[Pattern, ...]", _plug_ins("seatrial.patterns"))


@cache
def indexes() -> tuple[Any, ...]:
    """What is written over all reports of a folder (`name`, `filename`, `render(report_dir) -> bytes`)."""
    return _plug_ins("seatrial.indexes")


@cache
def controllers() -> dict[str, Callable[..., Any]]:
    """Factories that other distributions offer, by entry-point name. Raises UsageError."""
    return {point.name: _load(point) for point in _points("seatrial.controllers")}


def _points(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda point: (point.name != "builtin", point.name, point.value))


def _plug_ins(group: str) -> tuple[Any, ...]:
    points = _points(group)
    values = [_load(point) for point in points]
    if group in BUILT_IN and not any(point.value == BUILT_IN[group] for point in points):
        module, _, attribute = BUILT_IN[group].partition(":")
        values.insert(0, getattr(import_module(module), attribute))
    found: dict[str, Any] = {}
    for value in values:
        for plug_in in value if isinstance(value, tuple | list) else (value,):
            name = getattr(plug_in, "name", None)
            if not isinstance(name, str) or not name:
                raise UsageError(
                    f"{plug_in!r} in entry-point group {group} has no `name`, so no one can ask for it: "
                    "give it a `name` string (see seatrial's plug-in contract), or uninstall it"
                )
            found.setdefault(name, plug_in)
    return tuple(found.values())


def _load(point: EntryPoint) -> Any:
    try:
        return point.load()
    # Importing someone else's module may fail in any way; whatever it is, the user needs to know whose it is.
    except Exception as error:
        raise UsageError(
            f"plug-in {point.name!r} ({point.value}, group {point.group}) cannot be loaded: "
            f"{type(error).__name__}: {error}. Repair or uninstall it"
        ) from error
