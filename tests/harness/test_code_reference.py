import functools
import json
import sys
from pathlib import Path

import pytest

from harness import registry
from harness.code_reference import load, name_of_code, reference_to
from harness.errors import UsageError


def local_factory() -> None:
    """Importable by name only if this test module is."""


def test_a_named_function_survives_the_way_to_a_file_and_back() -> None:
    assert reference_to(json.dumps) == "json:dumps"
    assert load("json:dumps") is json.dumps


def test_dotted_attributes_are_followed() -> None:
    assert load("pathlib:Path.cwd") == Path.cwd


@pytest.mark.parametrize("code", [lambda: None, functools.partial(print), 3])
def test_what_has_no_name_has_no_reference(code: object) -> None:
    assert reference_to(code) is None


def test_a_module_that_no_other_process_could_import_has_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_factory.__module__ in sys.modules
    monkeypatch.setattr(sys.modules[__name__], "__file__", "/elsewhere/test_code_reference.py")
    assert reference_to(local_factory) is None


def test_names_for_reports_hold_no_address() -> None:
    assert "0x" not in name_of_code(functools.partial(print))


def test_a_file_can_be_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "h8_probe_module.py").write_text("def factory(client): return 7\n")
    try:
        assert load(f"{tmp_path}/h8_probe_module.py:factory")(None) == 7
    finally:
        sys.modules.pop("h8_probe_module", None)


def test_a_name_without_a_colon_is_an_installed_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "controllers", lambda: {"operator": json.dumps, "odd": 3})
    assert load("operator") is json.dumps
    with pytest.raises(UsageError, match="'odd' is a int, which cannot be called"):
        load("odd")
    with pytest.raises(UsageError, match="name an installed one: operator, odd"):
        load("website")
    with pytest.raises(UsageError, match="predicate 'operator' does not name any code"):
        load("operator", purpose="predicate")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("website", "write it as 'module:factory'"),
        ("no_such_module_here:factory", "cannot be imported: ModuleNotFoundError"),
        ("no_such_file.py:factory", "FileNotFoundError"),
        ("json:dump_s", "did you mean .*dumps"),
        ("json:__name__", "is a str, which cannot be called"),
    ],
)
def test_what_cannot_be_loaded_is_a_usage_error_of_one_line(reference: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load(reference)
    assert "\n" not in str(caught.value)
