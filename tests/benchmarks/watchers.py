"""What watchers cost one API server: memory for each, time for each delivery, and what a reader that stopped does to
the rest.

    python -m tests.benchmarks.watchers [--watchers 500 1000 2500 5000] [--events 40] [--sockets]

So many watches of ConfigMaps are open at one API server in this process, each with the answer that the HTTP front has
for it (`WatchAnswer`: encoded lines that wait for a socket, up to a bound); with sockets: `watcher_sockets.py`. Objects
of 2 KB are written; after each, all readers read but one. Memory is what Python allocated for the watches
(tracemalloc); time is processor time of writing, encoding and delivering, divided by deliveries. Then more is written
than may wait for one reader: the one that stopped must be cut, and every other must have had every event, in order.
Figures are for reading, the last two are checked.
"""

import argparse
import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import trio

from reference_impl.apiserver.http.messages import Broken
from reference_impl.apiserver.http.watching import PENDING_MAX, EventEncoder, WatchAnswer
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.protocol import ApiRequest
from reference_impl.store.memory import MemoryStore
from tests.benchmarks import watcher_sockets

WATCHERS = (500, 1000, 2500, 5000)
EVENTS = 40
VALUE_BYTES = 2048
BIG_BYTES = 256 * 1024
"""Of the objects that fill the buffer of the reader that stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Of one number of watchers."""

    watchers: int
    bytes_each: float
    us_per_delivery: float
    cut_after_bytes: int
    """What waited for the reader that stopped, when it was cut, at most."""

    def row(self) -> str:
        waited = f"{self.cut_after_bytes / 2**20:.1f}"
        return f"| {self.watchers} | {self.bytes_each:,.0f} | {self.us_per_delivery:.2f} | {waited} |"


HEAD = "| watchers | bytes each | µs a delivery | MB that waited for the stopped reader |\n|---|---|---|---|"


def measure(watchers: int, events: int = EVENTS) -> Figure:
    """Raises AssertionError if the reader that stopped is not cut, or another misses anything."""
    return trio.run(_measure, watchers, events)


async def _measure(watchers: int, events: int) -> Figure:
    store = MemoryStore()
    server = ApiServer(
        store, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), random=random.Random(0), kinds=KindRegistry()
    )
    store.subscribe(server.apply)
    server.bootstrap()
    gc.collect()
    tracemalloc.start()
    encode = EventEncoder()  # the front has one for all that are watched in one form
    answers = [_opened(server, encode) for _ in range(watchers)]
    gc.collect()
    bytes_each = tracemalloc.get_traced_memory()[0] / watchers
    tracemalloc.stop()

    stopped, *readers = answers
    heard: list[list[str]] = [[] for _ in readers]
    spent_s = 0.0
    for number in range(events):
        began_s = time.process_time()
        _write(server, number, VALUE_BYTES)
        spent_s += time.process_time() - began_s
        await _read(readers, heard)
    written, waited = events, stopped.waiting_bytes
    while not await _is_cut(stopped):
        waited = max(waited, stopped.waiting_bytes)
        assert waited <= PENDING_MAX, f"{waited} bytes wait for a reader that stopped, and it is not cut"
        _write(server, written, BIG_BYTES)
        written += 1
        await _read(readers, heard)
    expected = [str(number) for number in range(written)]
    assert all(each == expected for each in heard), "a reader missed something, or heard it out of order"
    return Figure(
        watchers=watchers,
        bytes_each=bytes_each,
        us_per_delivery=1e6 * spent_s / (events * watchers),
        cut_after_bytes=waited,
    )


def _opened(server: ApiServer, encode: EventEncoder) -> WatchAnswer:
    answer = WatchAnswer(encode)
    request = ApiRequest(verb="watch", api_version="v1", kind="ConfigMap", namespace="default")
    answer.opened(server.open_watch(request, answer.deliver))
    return answer


def _write(server: ApiServer, number: int, size: int) -> None:
    metadata = {"name": f"c{number}", "namespace": "default", "labels": {"n": str(number)}}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": "x" * size}}
    server.handle(ApiRequest(verb="create", api_version="v1", kind="ConfigMap", namespace="default", body=body))


async def _read(readers: Sequence[WatchAnswer], heard: list[list[str]]) -> None:
    last: bytes | None = None
    number = ""
    for reader, list_ in zip(readers, heard, strict=True):
        chunk = await reader.take()
        assert chunk is not None, "a reader was cut, though it reads"
        if chunk is not last:  # all are given the same bytes: one look is enough
            last, number = chunk, orjson.loads(chunk)["object"]["metadata"]["labels"]["n"]
        list_.append(number)


async def _is_cut(answer: WatchAnswer) -> bool:
    """Whether the next read breaks. What waits is left alone."""
    if answer.waiting_bytes:
        return False
    try:
        await answer.take()
    except Broken:
        return True
    return False


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--watchers", type=int, nargs="+", default=WATCHERS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--sockets", action="store_true", help="over real sockets, the server in its own process")
    parser.add_argument("--write", type=Path, metavar="FILE", help="with --sockets: put the figures into this page")
    options = parser.parse_args(arguments)
    if options.sockets:
        return watcher_sockets.run(list(options.watchers), options.events, options.write)
    print(HEAD)
    for count in options.watchers:
        print(measure(count, options.events).row(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
