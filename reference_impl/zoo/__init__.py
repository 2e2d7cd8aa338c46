"""Wrong on purpose, each after a real bug and beside its fixed twin: controllers, API servers and stores (`planes/`).

What a chaos checker finds, and what it leaves alone, is measured on these: `python -m tests.quality.measure`. One file
an entry; `entry.py` says what an entry promises. Try one with `seatrial check zoo:ID`, its twin with `zoo:ID.fixed`.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from reference_impl.zoo import planes
from reference_impl.zoo.entry import Entry


def _entries() -> Iterator[Entry]:
    for package, path in ((__name__, __path__), (planes.__name__, planes.__path__)):
        for module in iter_modules(path):
            entry = getattr(import_module(f"{package}.{module.name}"), "ENTRY", None)
            if entry is not None:
                yield entry


ZOO: tuple[Entry, ...] = tuple(sorted(_entries(), key=lambda entry: entry.id))
"""By id. Adding an entry: a file with an `ENTRY` in this folder or in `planes/`."""

DEMO = "two-buckets"
"""The entry for demonstrations."""

__all__ = ["DEMO", "ZOO", "Entry"]
