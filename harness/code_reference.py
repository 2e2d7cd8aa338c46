"""Code by name: "module:attribute" for what a schedule file has to find again, and the way back.

A schedule is replayed in another process, perhaps years later. It can name a factory, a predicate or an async workload,
but not hold one: `reference_to` gives the name if importing it again would give the same object, else None (a lambda, a
closure, something in `__main__` or in a test module that is on no import path).

Not modelled here: imports from the current directory. The command puts that at the end of `sys.path` first.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any

from harness import registry
from harness.errors import UsageError

CONTROLLER = "controller"

_OURS = ("seatrial", "harness", "properties", "reports", "reference_impl")
_LIBRARIES = ("trio", "hypothesis", "_pytest", "pytest", "outcome", "sniffio", "attr", "attrs")
"""Modules that are not the user's, whatever folder they lie in."""


def load(reference: str, *, purpose: str = CONTROLLER) -> Callable[..., Any]:
    """Import "module:attribute", "path/to/file.py:attribute", "zoo:ID" or "zoo:ID.fixed".

    A controller may also be named by its entry point in group `seatrial.controllers`: a name without a colon.

    Args:
        purpose: what is being loaded, for the message; only a "controller" is looked for among the entry points.

    Raises:
        UsageError: it cannot be imported, has no such attribute, or what is found cannot be called.
    """
    module_name, separator, attribute = reference.rpartition(":")
    if not separator and purpose == CONTROLLER:
        return _installed(reference)
    if not module_name or not attribute:
        raise UsageError(f"{purpose} {reference!r} does not name any code: write it as 'module:factory'")
    if module_name == "zoo":
        return _from_zoo(attribute)
    found: Any = _import(module_name, reference, purpose)
    for part in attribute.split("."):
        owner, found = found, getattr(found, part, None)
        if found is None:
            near = get_close_matches(part, [name for name in dir(owner) if not name.startswith("_")], n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "name a function that takes a Client"
            raise UsageError(f"{purpose} {reference!r}: {module_name!r} has no {part!r}; {hint}")
    return _called(found, reference, purpose)


def reference_to(code: Any) -> str | None:
    """The "module:attribute" under which a new process would find this very object; None if there is none."""
    module_name = getattr(code, "__module__", None)
    qualified_name = getattr(code, "__qualname__", None)
    if not isinstance(module_name, str) or not isinstance(qualified_name, str) or "<" in qualified_name:
        return None
    module = sys.modules.get(module_name)
    if module is None or module_name == "__main__":
        return None
    found: Any = module
    for part in qualified_name.split("."):
        found = getattr(found, part, None)
    if found is not code:
        return None
    if not _would_be_found(module_name, module):
        return None
    return f"{module_name}:{qualified_name}"


def name_of_code(code: Any) -> str:
    """A name for reports, never an address: two runs must print the same."""
    name = getattr(code, "__qualname__", None) or getattr(code, "name", None) or type(code).__qualname__
    return str(name)


def _would_be_found(module_name: str, module: ModuleType) -> bool:
    """Does the import path (the current directory last) lead to the file this module came from?

    pytest's importlib mode registers test modules under names that no other process can import.
    """
    file = getattr(module, "__file__", None)
    if file is None:
        return False
    path: list[str] | None = [*sys.path, os.getcwd()]
    spec = None
    parts = module_name.split(".")
    for count in range(1, len(parts) + 1):
        spec = _find_spec(".".join(parts[:count]), path)
        if spec is None:
            return False
        path = list(spec.submodule_search_locations or ())
    return spec is not None and spec.origin is not None and os.path.realpath(spec.origin) == os.path.realpath(file)


def _find_spec(name: str, path: list[str] | None) -> importlib.machinery.ModuleSpec | None:
    # Meta path finders in order, so that editable installs (which bring their own finder) are seen as well.
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        if find_spec is None:
            continue
        top_level = "." not in name
        spec: importlib.machinery.ModuleSpec | None = find_spec(name, None if top_level else path)
        if spec is None and top_level and finder is importlib.machinery.PathFinder:
            spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None:
            return spec
    return None


def _import(module_name: str, reference: str, purpose: str) -> ModuleType:
    try:
        if module_name.endswith(".py"):
            return _import_file(module_name)
        return importlib.import_module(module_name)
    # Someone else's module may fail to import in any way, SystemExit of a script without a main guard included.
    except (Exception, SystemExit) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise UsageError(
            f"{purpose} {reference!r} cannot be imported: {type(error).__name__}: {first_line}. "
            "Check the spelling, and that its folder is on the import path"
        ) from error


def _import_file(path: str) -> ModuleType:
    name = os.path.basename(path).removesuffix(".py")
    known = sys.modules.get(name)
    if known is not None and os.path.realpath(getattr(known, "__file__", None) or "") == os.path.realpath(path):
        return known
    if not os.path.isfile(path):
        raise FileNotFoundError(f"no such file: {path}")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python source file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _installed(name: str) -> Callable[..., Any]:
    factories = registry.controllers()
    if name not in factories:
        others = f", or name an installed one: {', '.join(factories)}" if factories else ""
        raise UsageError(f"{CONTROLLER} {name!r} does not name any code: write it as 'module:factory'{others}")
    return _called(factories[name], name, CONTROLLER)


def _called(found: Any, reference: str, purpose: str) -> Callable[..., Any]:
    if not callable(found):
        raise UsageError(
            f"{purpose} {reference!r} is a {type(found).__name__}, which cannot be called: name a function"
        )
    result: Callable[..., Any] = found
    return result


def _from_zoo(identifier: str) -> Callable[..., Any]:
    entry_id, dot, twin = identifier.partition(".")
    entries = {entry.id: entry for entry in importlib.import_module("reference_impl.zoo").ZOO}
    if entry_id not in entries or (dot and twin != "fixed"):
        near = get_close_matches(entry_id, list(entries), n=3)
        hint = f"did you mean {' or '.join('zoo:' + name for name in near)}?" if near else "see `seatrial zoo list`"
        raise UsageError(f"'zoo:{identifier}' is not in the zoo; {hint}")
    entry = entries[entry_id]
    factory: Callable[..., Any] = entry.fixed if dot else entry.wrong
    return factory


def user_modules() -> list[ModuleType]:
    """Loaded modules that are neither the standard library's, installed packages', nor ours, by name."""
    found = []
    for name in sorted(sys.modules):
        module = sys.modules[name]
        root = name.partition(".")[0]
        file = getattr(module, "__file__", None)
        ours = root in _OURS and not name.startswith("reference_impl.zoo")
        if not isinstance(module, ModuleType) or not file or ours or root in _LIBRARIES:
            continue
        if not _is_installed(file):
            found.append(module)
    return found


@cache
def _is_installed(file: str) -> bool:
    """Whether it is the standard library's or an installed package's. Remembered: each world asks of every module."""
    paths = sysconfig.get_paths()
    foreign = tuple(os.path.realpath(paths[key]) + os.sep for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    return os.path.realpath(file).startswith(foreign)


def modules_behind(starts: Iterable[ModuleType | None]) -> list[ModuleType]:
    """These modules and the user modules whose names they use, and so on, by name."""
    users = {module.__name__: module for module in user_modules()}
    found = {module.__name__: module for module in starts if module is not None}
    frontier = list(found.values())
    while frontier:
        for value in list(vars(frontier.pop()).values()):
            name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(name, str) and name in users and name not in found:
                found[name] = users[name]
                frontier.append(users[name])
    return [found[name] for name in sorted(found)]
