"""Are `harness`, `properties`, `reports` and `reference_impl` ours, or a user's folder of the same name?

These are everyday names: a project with a `reports/` output folder, or a `harness/` package of its own, can stand in
front of ours on the import path, and what follows would be a puzzling ImportError deep inside a run. So the command and
the pytest plugin look before they import: each of our packages carries a marker line, which is read, not executed.
Another checkout of seatrial carries it too and passes.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("harness", "properties", "reports", "reference_impl")
MARKER = 'SEATRIAL_DISTRIBUTION = "seatrial"'


def shadowed_package() -> str | None:
    """What stands in the way of seatrial's own packages, as a one-line message; None if nothing does."""
    for package in PACKAGES:
        where = _location(package)
        if where is None:
            return (
                f"package {package!r} of the seatrial distribution is missing: the installation is incomplete. "
                "Reinstall seatrial."
            )
        if not _is_ours(package, where):
            return (
                f"{where} stands in front of seatrial's own package {package!r}, which cannot be imported. "
                "Rename that folder or file, or run from another directory."
            )
    return None


def put_current_directory_last(path: list[str]) -> None:
    """Make user modules in the current directory importable without letting them hide installed ones.

    `python -m` puts the current directory first; a console script does not have it at all.
    """
    here = str(Path.cwd())
    path[:] = [entry for entry in path if entry not in ("", here)]
    path.append(here)


def _location(package: str) -> Path | None:
    try:
        spec = find_spec(package)
    except ValueError:  # an already imported module without a spec
        module = sys.modules.get(package)
        file = getattr(module, "__file__", None)
        return Path(file) if file else None
    if spec is None:
        return None
    if spec.origin and spec.has_location:
        return Path(spec.origin)
    for folder in spec.submodule_search_locations or ():  # a folder without __init__.py
        return Path(folder)
    return None


def _is_ours(package: str, where: Path) -> bool:
    module = sys.modules.get(package)
    if module is not None:
        return getattr(module, "SEATRIAL_DISTRIBUTION", None) == "seatrial"
    if where.is_dir():
        return False
    try:
        return MARKER in where.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True  # inside a zip or frozen: not a user's folder
