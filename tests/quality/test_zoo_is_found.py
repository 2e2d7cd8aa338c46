"""Every entry of the zoo is found in a bounded search, and says of itself what can be looked up.

The whole measurement is one command: `python -m tests.quality.measure`.
"""

import ast
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import reference_impl.zoo
from harness import registry
from reference_impl.zoo import DEMO, ZOO, Entry
from tests.quality.measure import BOUNDED, calm_violations, measure

TRIGGERS = (
    "crash between two writes", "stale read", "time travel", "unobserved state", "duplicate", "reorder", "lost update",
    "ambiguous commit", "clock", "leader overlap", "outside effects", "missing requeue", "missing watch", "hot loop",
    "finalizer", "orphan", "compaction", "bookmark", "cache not synced", "names", "uid confusion", "generation",
    "adoption", "list order",
)  # fmt: skip

FILES = sorted(Path(reference_impl.zoo.__file__).parent.glob("*.py"))
STRANGERS = ("reference_impl.runtime", "reference_impl.errors")
PLANES = sorted(Path(reference_impl.zoo.__file__).parent.glob("planes/*.py"))

entries = pytest.mark.parametrize("entry", ZOO, ids=lambda entry: entry.id)


@pytest.mark.slow
@entries
def test_it_is_found_as_what_it_is_and_its_twin_is_not(entry: Entry, tmp_path: Path) -> None:
    row = measure(entry, BOUNDED, str(tmp_path))
    assert row.broken == []


@entries
def test_it_names_weather_and_a_property_that_exist(entry: Entry) -> None:
    assert set(entry.faults) <= {fault.name for fault in registry.faults()}
    assert entry.property in {claim.name for claim in registry.properties()}
    assert entry.bug.startswith("https://")


def test_the_zoo_covers_every_trigger() -> None:
    assert set(TRIGGERS) <= {tag for entry in ZOO for tag in entry.tags}


def test_every_property_has_an_entry_that_violates_it() -> None:
    assert {claim.name for claim in registry.properties()} == {entry.property for entry in ZOO}


def test_ids_are_unique_and_one_entry_is_for_demonstrations() -> None:
    assert len({entry.id for entry in ZOO}) == len(ZOO)
    assert [entry.id for entry in ZOO if "demo" in entry.tags] == [DEMO]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_uses_only_names_that_a_stranger_may_use(file: Path) -> None:
    for module in _imported(file):
        ours = module.startswith("reference_impl.zoo") or module in STRANGERS
        assert ours or module.partition(".")[0] in ("trio", *sys.stdlib_module_names), module


@pytest.mark.parametrize("file", PLANES, ids=lambda file: file.stem)
def test_a_variant_of_the_plane_uses_besides_only_what_it_varies(file: Path) -> None:
    plane = ("reference_impl.apiserver", "reference_impl.store", "reference_impl.protocol", "reference_impl.kinds")
    for module in _imported(file):
        ours = module.startswith(("reference_impl.zoo", *plane)) or module in STRANGERS
        assert ours or module.partition(".")[0] in ("trio", *sys.stdlib_module_names), module


@pytest.mark.slow
def test_a_bug_that_needs_no_weather_is_told_from_one_that_does() -> None:
    noisy = next(entry for entry in ZOO if not entry.calm_silent)
    assert calm_violations(noisy, "wrong", 1) != []


def test_a_promise_that_does_not_hold_is_told(tmp_path: Path) -> None:
    entry = next(entry for entry in ZOO if entry.id == DEMO)
    effort = replace(BOUNDED, calm=0, twin=1, seeds=0)
    assert measure(replace(entry, faults=("list_order",)), replace(effort, without=60), str(tmp_path)).broken != []


def _imported(file: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found
