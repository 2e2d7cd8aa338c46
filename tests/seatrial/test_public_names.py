"""`seatrial/__init__.py`: what is public comes from one place each, and costs nothing until it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import seatrial

LISTED = {(module, name) for module, names in seatrial.HOMES.items() for name in names}


def test_what_type_checkers_see_is_what_is_imported() -> None:
    tree = ast.parse(Path(seatrial.__file__).read_text(encoding="utf-8"))
    imported = {
        (node.module, alias.asname)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == LISTED


@pytest.mark.parametrize("name", sorted(name for _, name in LISTED))
def test_each_public_name_exists(name: str) -> None:
    assert getattr(seatrial, name) is not None
    assert name in dir(seatrial)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Trails'"):
        _ = seatrial.Trails  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_plugin_imports_nothing_dear() -> None:
    dear = "[m for m in ('hypothesis', 'trio', 'harness') if m in sys.modules]"
    ask = f"import sys, seatrial.pytest_plugin; print({dear})"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert answer.strip() == "[]"
