"""`examples/etcd-store/` keeps three patterns with a real etcd, and is written from the public names alone."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.docs.tables import TOP

FOLDER = TOP / "examples" / "etcd-store"
SEATRIAL = Path(sys.executable).parent / "seatrial"
READY_S = 60.0


@pytest.fixture(scope="module")
def etcd() -> Iterator[str]:
    """URL of an etcd of our own; fails in CI if there is no program, and skips elsewhere."""
    program = os.environ.get("SEATRIAL_ETCD") or shutil.which("etcd") or shutil.which("etcd", path=SEATRIAL.parent)
    if program is None:
        missing = "etcd is missing: apt-get install etcd-server, or set SEATRIAL_ETCD to its path"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    client, peer = (f"http://127.0.0.1:{port}" for port in _free_ports())
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="seatrial-etcd-", dir=memory if memory.is_dir() else None)
    process = subprocess.Popen(
        [
            program, "--data-dir", folder, "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_ready(client, process)
        yield client
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports() -> list[int]:
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    pause = Event()
    for _ in range(int(READY_S / 0.1)):
        assert process.poll() is None, "etcd ended at once"
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=READY_S):
                return
        except (urllib.error.URLError, ConnectionError):
            pause.wait(0.1)
    pytest.fail(f"etcd was not ready within {READY_S} s")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        ("versioned-value", "etcd_store:values"),
        ("state-watch", "etcd_store:values"),
        ("consistent-core", "etcd_store:core"),
    ],
)
def test_a_real_etcd_keeps_the_pattern(etcd: str, pattern: str, target: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(SEATRIAL), "check", "--pattern", pattern, target, "--examples", "40", "--report-dir", str(tmp_path)],
        cwd=FOLDER,
        env={**os.environ, "ETCD_URL": etcd, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_an_etcd_that_is_not_there_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(SEATRIAL), "check", "--pattern", "versioned-value", "etcd_store:values", "--report-dir", str(tmp_path)],
        cwd=FOLDER,
        env={**os.environ, "ETCD_URL": "http://127.0.0.1:1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "could not answer" in done.stderr


def test_it_is_written_from_the_public_names_alone() -> None:
    lines = (FOLDER / "etcd_store.py").read_text(encoding="utf-8").splitlines()
    modules = {line.split()[1] for line in lines if line.startswith(("from ", "import "))}
    ours = {module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names}
    assert ours == {"seatrial.patterns"}
