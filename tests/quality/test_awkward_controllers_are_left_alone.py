"""Controllers that look wrong and are right: in a bounded search nothing is said against them.

What is found here is either a mistake of the controller's, to be made right there, or of the checker, which cries wolf.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reference_impl.zoo.awkward
from harness.check import check
from harness.trial import Trial
from reference_impl.zoo.awkward import AWKWARD, Awkward

EXAMPLES = 25

FILES = sorted(Path(reference_impl.zoo.awkward.__file__).parent.glob("*.py"))

OURS = ("reference_impl.runtime", "reference_impl.errors", "reference_impl.zoo.manifests", "reference_impl.zoo.buckets")


@pytest.mark.slow
@pytest.mark.parametrize("entry", AWKWARD, ids=lambda entry: entry.id)
def test_nothing_is_said_against_it(entry: Awkward, tmp_path: Path) -> None:
    trial = Trial(entry.controller, entry.manifests, **entry.trial_options)
    outcome = check(trial, examples=EXAMPLES, raise_on_failure=False, report_dir=str(tmp_path))
    assert [(violation.property, violation.reason) for violation in outcome.violations] == []
    assert [(claim.name, claim.reason) for claim in outcome.properties if claim.verdict != "holds"] == []
    assert outcome.verdict == "holds"
    assert outcome.faults_fired


def test_ids_are_unique() -> None:
    assert len({entry.id for entry in AWKWARD}) == len(AWKWARD)


def test_no_file_is_forgotten() -> None:
    ids = {entry.id.replace("-", "_") for entry in AWKWARD}
    assert {file.stem for file in FILES} - {"__init__", "attendant", "entry"} == ids


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_uses_only_names_that_a_stranger_may_use(file: Path) -> None:
    for module in _imported(file):
        ours = module in OURS or module.startswith("reference_impl.zoo.awkward")
        assert ours or module.partition(".")[0] in ("trio", *sys.stdlib_module_names), module


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
