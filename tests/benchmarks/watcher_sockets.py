"""What thousands of watchers over real sockets cost one server: memory of its process, time for each delivery, and what
a reader that stopped does to the rest.

    python -m tests.benchmarks.watchers --sockets [--watchers 500 1000 2500 5000] [--events 20] [--write FILE]

The server is a process of its own (the plane of `tests/benchmarks/wire.py`), the clients are all in this one. So many
watch ConfigMaps of one namespace; objects of 2 KB are written, one when all have the one before. Memory is what the
server's resident set grew by while the watches were opened; time is the server's processor time of writing, encoding,
sending. Then a few more watch another namespace, one of them does not read, and objects of 256 KB are written there
until it is cut, while the others everywhere must have every event, in order. The last two are checked.

Each watcher takes a file descriptor in both processes: the soft limit is raised to the hard one.
"""

import contextlib
import os
import re
import resource
import select
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reference_impl.apiserver.http.watching import PENDING_MAX
from tests.benchmarks.wire import Server, answer, message

VALUE_BYTES: Final = 2048
BIG_BYTES: Final = 256 * 1024
BESIDE_THE_STOPPED: Final = 10
"""Watchers of the namespace in which one does not read."""
CONNECTING: Final = 200
"""Connections opened before the answers of the last ones are waited for: less than the listener's queue."""
SOCKETS_HOLD_MAX: Final = 16 * 1024 * 1024
"""What may lie in the buffers of both ends of a socket, beyond the server's own; arbitrary, and above Linux' defaults
(`tcp_wmem` 4 MB, `tcp_rmem` 6 MB)."""
PATIENCE_S: Final = 300.0
_NUMBER: Final = re.compile(rb'"labels":\{"n":"(\d+)"\}')
_MARKS: Final = ("<!-- measured: watcher-sockets -->", "<!-- end of measured: watcher-sockets -->")
_COLUMNS: Final = ("watchers", "kB of the process each", "µs a delivery", "MB written until the stopped one was cut")
HEAD: Final = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Of one number of watchers."""

    watchers: int
    bytes_each: float
    us_per_delivery: float
    cut_after_bytes: int

    def row(self) -> str:
        cut = f"{self.cut_after_bytes / 2**20:.1f}"
        return f"| {self.watchers} | {self.bytes_each / 1024:,.1f} | {self.us_per_delivery:.1f} | {cut} |"


class Watcher:
    """One connection that watches, and the numbers of what it was told."""

    def __init__(self, port: int, namespace: str, *, receives: int | None = None) -> None:
        self.socket = socket.socket()
        if receives is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(message("GET", f"{path(namespace)}?watch=1&resourceVersion=0"))
        self.heard: list[int] = []
        self.is_open = False
        """Its answer has begun."""
        self.rest = b""


class Readers:
    """All who read: what each was told is looked at as it comes."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._last: tuple[bytes, list[int], bytes] | None = None

    def add(self, watcher: Watcher) -> None:
        watcher.socket.setblocking(False)
        self._selector.register(watcher.socket, selectors.EVENT_READ, watcher)

    def until(self, watchers: list[Watcher], count: int) -> None:
        """Everyone has been told of so many objects."""
        self._read(
            [watcher for watcher in watchers if len(watcher.heard) < count], lambda each: len(each.heard) >= count
        )

    def until_open(self, watchers: list[Watcher]) -> None:
        self._read([watcher for watcher in watchers if not watcher.is_open], lambda each: each.is_open)

    def _read(self, waiting: list[Watcher], done: Callable[[Watcher], bool]) -> None:
        """Until nobody waits any more."""
        deadline_wall_s = time.monotonic() + PATIENCE_S
        # The last is looked at first: only when it is done is there reason to look at another.
        while waiting:
            while waiting and done(waiting[-1]):
                waiting.pop()
            if not waiting:
                return
            assert time.monotonic() < deadline_wall_s, "a watcher is not told what it should be"
            for key, _ in self._selector.select(1.0):
                watcher: Watcher = key.data
                data = watcher.socket.recv(1 << 20)
                assert data, "a watcher that reads was cut"
                self._take(watcher, watcher.rest + data)

    def _take(self, watcher: Watcher, data: bytes) -> None:
        watcher.is_open = True
        # Most are told the same bytes at once: one look is enough.
        if self._last is None or self._last[0] != data:
            end = data.rfind(b"}\n") + 2 if b"}\n" in data else 0
            self._last = (data, [int(found) for found in _NUMBER.findall(data[:end])], data[end:])
        watcher.heard += self._last[1]
        watcher.rest = self._last[2]


def path(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


def measure(watchers: int, events: int) -> Figure:
    """Raises AssertionError if the reader that stopped is not cut, or another misses anything."""
    with Server("plane") as server, contextlib.ExitStack() as stack:
        writer = stack.enter_context(server.connections(1))[0]
        readers = Readers()
        before_bytes = resident_bytes(server.process.pid)
        crowd = _opened(readers, server.port, "default", watchers, stack)
        bytes_each = (resident_bytes(server.process.pid) - before_bytes) / watchers

        before_s = server.processor_s()
        for number in range(events):
            _write(writer, "default", number, VALUE_BYTES)
            readers.until(crowd, number + 1)
        us_per_delivery = 1e6 * (server.processor_s() - before_s) / (events * watchers)

        beside = _opened(readers, server.port, "kube-system", BESIDE_THE_STOPPED, stack)
        written = _until_cut(server, writer, readers, beside, stack)
        _write(writer, "default", events, VALUE_BYTES)
        readers.until(crowd, events + 1)
        assert all(each.heard == list(range(events + 1)) for each in crowd), "out of order, or twice"
        assert all(each.heard == list(range(written)) for each in beside), "out of order, or twice"
    return Figure(
        watchers=watchers,
        bytes_each=bytes_each,
        us_per_delivery=us_per_delivery,
        cut_after_bytes=written * BIG_BYTES,
    )


def _opened(readers: Readers, port: int, namespace: str, count: int, stack: contextlib.ExitStack) -> list[Watcher]:
    found: list[Watcher] = []
    while len(found) < count:
        some = [Watcher(port, namespace) for _ in range(min(CONNECTING, count - len(found)))]
        for watcher in some:
            stack.callback(watcher.socket.close)
            readers.add(watcher)
        readers.until_open(some)
        found += some
    return found


def _until_cut(
    server: Server, writer: socket.socket, readers: Readers, beside: list[Watcher], stack: contextlib.ExitStack
) -> int:
    """How many big objects were written until the one that does not read was cut."""
    stopped = Watcher(server.port, "kube-system", receives=64 * 1024)
    stack.callback(stopped.socket.close)
    poll = select.poll()
    poll.register(stopped.socket, 0)  # errors only: nothing is read
    # It is being watched once the head of its answer is there.
    opening = select.poll()
    opening.register(stopped.socket, select.POLLIN)
    assert opening.poll(PATIENCE_S * 1000), "a watch is not answered"
    written = 0
    while not poll.poll(0):
        assert written * BIG_BYTES <= PENDING_MAX + SOCKETS_HOLD_MAX, "a reader that stopped is not cut"
        _write(writer, "kube-system", written, BIG_BYTES)
        written += 1
        readers.until(beside, written)
    return written


def _write(writer: socket.socket, namespace: str, number: int, size: int) -> None:
    metadata = {"name": f"c{number}", "labels": {"n": str(number)}}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": "x" * size}}
    writer.sendall(message("POST", path(namespace), body))
    answer(writer)


def resident_bytes(process_id: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{process_id}/status").read_text(), re.M)
    assert found is not None
    return int(found[1]) * 1024


def allow(watchers: int) -> None:
    """A descriptor for each. Ends the program with one line if the machine does not allow as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = watchers + 100
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(
            f"{watchers} watchers need {needed} open files, and the hard limit is {hard}: raise it (`ulimit -Hn`, "
            "as root), or name fewer with --watchers"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def report(rows: list[str]) -> str:
    """The table, and when and where it was measured."""
    cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    model = f"{os.cpu_count()} cores of {cpu[1] if cpu else 'an unknown model'}"
    when = datetime.now(UTC).date().isoformat()  # noqa: TID251
    load = os.getloadavg()[0]
    return "\n".join([f"{when}, {model}, Python {sys.version.split()[0]}, load {load:.1f}:", "", HEAD, *rows])


def write(file: Path, text: str) -> None:
    """Between its marks in a page; whole or not at all."""
    before, mark, rest = file.read_text(encoding="utf-8").partition(_MARKS[0])
    _, end, after = rest.partition(_MARKS[1])
    if not mark or not end:
        sys.exit(f"{file} has no place for these figures: it needs a line {_MARKS[0]} and a line {_MARKS[1]}")
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as new:
        new.write(f"{before}{mark}\n\n{text}\n\n{end}{after}")
    Path(name).chmod(file.stat().st_mode)
    os.replace(name, file)


def run(sizes: list[int], events: int, file: Path | None) -> int:
    allow(max(sizes))
    rows: list[str] = []
    print(HEAD)
    for size in sizes:
        rows.append(measure(size, events).row())
        print(rows[-1], flush=True)
    if file is not None:
        write(file, report(rows))
    return 0
