"""What a pattern is tried on: a factory by name, and whether what it makes matches the pattern's port.

A missing method is found before the first operation, and named. Types of arguments are not looked at: whoever gets them
wrong breaks the promise to answer as the port says.
"""

import inspect
from collections.abc import Callable
from typing import Any, Protocol

from harness.code_reference import load
from harness.errors import AdapterError, UsageError
from harness.pattern import OperationPattern


def factory_of(target: str, pattern: OperationPattern) -> Callable[[], Any]:
    """The factory that TARGET names. Raises UsageError."""
    return load(target, purpose=f"target of {pattern.name}")


def made(factory: Callable[[], Any], target: str) -> Any:
    """A fresh instance. Raises AdapterError: the factory failed."""
    try:
        return factory()
    # Someone else's code may fail in any way; whatever it is, there is nothing to try.
    except Exception as error:
        raise AdapterError(f"target {target!r} could not be made: {type(error).__name__}: {error}") from error


def assert_matches(instance: Any, pattern: OperationPattern, target: str) -> None:
    """Raises UsageError that names what is missing."""
    name = pattern.port.__name__
    missing = [member for member in members_of(pattern.port) if not _has(instance, member)]
    if missing:
        raise UsageError(
            f"target {target!r} makes a {type(instance).__name__} that lacks {', '.join(missing)}: "
            f"--pattern {pattern.name} needs what seatrial.patterns.{name} has"
        )


def _has(instance: Any, member: str) -> bool:
    """Without asking a property for its value: that may take a connection which is not there."""
    try:
        inspect.getattr_static(instance, member)
    except AttributeError:
        return hasattr(instance, member)
    return True


def members_of(port: type) -> list[str]:
    """Methods and attributes of a Protocol, inherited ones included, sorted; private ones are nobody's to bring."""
    found: set[str] = set()
    for base in port.__mro__:
        if base is not object and base is not Protocol and getattr(base, "_is_protocol", False):
            found.update(vars(base))
            found.update(inspect.get_annotations(base))
    return sorted(name for name in found if not name.startswith("_"))


def closed(instance: Any) -> None:
    """An instance that has a `close` is closed."""
    close = getattr(instance, "close", None)
    if callable(close):
        close()
