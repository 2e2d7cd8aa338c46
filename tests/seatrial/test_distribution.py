import os
import subprocess
import sys
from pathlib import Path

import pytest

from seatrial import distribution

CHECKOUT = Path(distribution.__file__).parent.parent
ASK = "import seatrial.distribution as d; print(d.shadowed_package())"


def ask(cwd: Path) -> str:
    """In a fresh interpreter whose path begins with the current directory, as under `python -m pytest`."""
    environment = {**os.environ, "PYTHONPATH": f"{cwd}{os.pathsep}{CHECKOUT}"}
    return subprocess.run(
        [sys.executable, "-c", ASK], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_our_own_packages_pass() -> None:
    assert distribution.shadowed_package() is None


@pytest.mark.slow
def test_a_users_package_of_the_same_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text("raise SystemExit('must not be executed')\n")
    answer = ask(tmp_path)
    assert str(tmp_path / "harness" / "__init__.py") in answer
    assert "'harness'" in answer


@pytest.mark.slow
def test_a_users_module_of_the_same_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "reports.py").write_text("")
    assert str(tmp_path / "reports.py") in ask(tmp_path)


@pytest.mark.slow
def test_another_checkout_of_seatrial_passes(tmp_path: Path) -> None:
    for package in distribution.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(distribution.MARKER + "\n")
    assert ask(tmp_path) == "None"


def test_the_current_directory_goes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = ["", str(tmp_path), "/site-packages"]
    distribution.put_current_directory_last(path)
    assert path == ["/site-packages", str(tmp_path)]


def test_every_package_of_the_distribution_carries_the_marker() -> None:
    for package in (*distribution.PACKAGES, "seatrial"):
        assert distribution.MARKER in (CHECKOUT / package / "__init__.py").read_text(encoding="utf-8")
