"""Are two JSON values the same? Python says that `True == 1 == 1.0`; JSON, and so a no-op write, does not."""

from typing import Any


def same(one: Any, other: Any) -> bool:
    """Equal in value and in type, all the way down. Cheap where they share parts."""
    return one is other or (one == other and _same_types(one, other))


def _same_types(one: Any, other: Any) -> bool:
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is dict:
        for key, value in one.items():
            counterpart = other[key]
            if value is not counterpart and type(value) is not str and not _same_types(value, counterpart):
                return False
    elif kind is list:
        for value, counterpart in zip(one, other, strict=True):
            if value is not counterpart and not _same_types(value, counterpart):
                return False
    return True
