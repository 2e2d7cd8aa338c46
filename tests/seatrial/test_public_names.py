"""What `seatrial` and `harness` give out: each name from one place, and at no cost until it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import harness
import seatrial

LISTED = {(module, name) for module, names in harness.HOMES.items() for name in names}
NAMES = sorted(name for _, name in LISTED)


def _imported_for_type_checkers(source: str) -> set[tuple[str | None, str | None]]:
    return {
        (node.module, alias.asname)
        for block in ast.parse(Path(source).read_text(encoding="utf-8")).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_what_type_checkers_see_is_what_is_imported() -> None:
    assert _imported_for_type_checkers(harness.__file__) == LISTED
    assert _imported_for_type_checkers(seatrial.__file__) == {("harness", name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_public_name_exists_under_both_doors(name: str) -> None:
    assert getattr(seatrial, name) is getattr(harness, name)
    assert name in dir(seatrial)
    assert name in dir(harness)


@pytest.mark.parametrize("name", ["Trails", "kernel", "_private"])
def test_a_name_that_is_not_public_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(seatrial, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["campaign", "check", "replay", "sweep"])
@pytest.mark.parametrize(
    "before",
    [
        "",
        "import harness.campaign, harness.check, harness.replay, harness.sweep; ",
        "from harness.check import DEFAULT_EXAMPLES; ",
    ],
)
def test_functions_called_like_their_modules_are_functions_whatever_came_before(name: str, before: str) -> None:
    ask = f"{before}from harness import {name}; import seatrial; print(callable({name}), {name} is seatrial.{name})"
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", ask], capture_output=True, text=True, check=True
    ).stdout
    assert answer.split() == ["True", "True"]


@pytest.mark.slow
def test_the_plugin_imports_nothing_dear() -> None:
    dear = "[m for m in ('hypothesis', 'trio', 'harness') if m in sys.modules]"
    ask = f"import sys, seatrial.pytest_plugin; print({dear})"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert answer.strip() == "[]"
