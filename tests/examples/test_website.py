"""`examples/website/` works outside the repository: under plain pytest, and from the command line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.tables import TOP

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside") / "website"
    shutil.copytree(TOP / "examples" / "website", folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


def _run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_its_tests_pass(project: Path) -> None:
    done = _run(project, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_command_finds_nothing_wrong(project: Path) -> None:
    manifests = ("--manifest", "crd.yaml", "--manifest", "site.yaml")
    done = _run(project, str(BIN / "seatrial"), "check", "website:website", *manifests, "--examples", "40")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_written_from_the_public_names_alone() -> None:
    lines = "".join(path.read_text() for path in (TOP / "examples" / "website").glob("*.py")).splitlines()
    modules = {line.split()[1].partition(".")[0] for line in lines if line.startswith(("from ", "import "))}
    assert modules <= {"contextlib", "hypothesis", "seatrial", "typing", "website"}
