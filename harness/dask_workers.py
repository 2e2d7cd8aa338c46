"""The workers of a Dask cluster that runs already.

https://distributed.dask.org/en/stable/client.html. The cluster sees to it that what a dead worker was at is done again;
results are taken in the order of the pieces, so that it matters neither how many workers there are nor which are lost.
Workers need seatrial installed. A Dask worker runs its tasks in threads, and seatrial runs one at a time in a process:
start workers with one thread each. In threads there is no watchdog: a controller that blocks its loop hangs its worker.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from harness.errors import SeatrialError, UsageError
from harness.schedule import versions
from harness.watchdog import BEAT
from harness.workers import LOOK_WALL_S, Begin, Piece, Results

ANSWER_WALL_S = 10
"""Real seconds that a scheduler, and the first worker, get to answer."""

END_WALL_S = 5
"""Real seconds that workers get to finish what they are at and to leave the campaign."""


class DaskCluster:
    """The workers of the cluster whose scheduler answers at `address`.

    Raises:
        UsageError: nobody answers there, or the cluster has no worker.
    """

    def __init__(self, address: str, begin: Begin, arguments: Piece) -> None:
        self._begun = (begin, arguments, versions())
        self._client = _connected(address)

    def results(self, function: Callable[..., Any], pieces: Sequence[Piece]) -> Results:
        futures = [self._client.submit(_do, self._begun, function, piece, pure=False) for piece in pieces]
        waiting = list(futures)
        try:
            for future in futures:
                result = _result_of(future)
                waiting.remove(future)
                yield result
        except KeyboardInterrupt:
            # What has been done counts, though something before it is missing.
            yield from (future.result() for future in waiting if future.status == "finished")
            raise
        finally:
            self._client.cancel(futures)

    def close(self) -> None:
        # A worker that is busy for longer, or gone, leaves when it is given its next campaign, or not at all.
        until_wall_s = time.monotonic() + END_WALL_S
        with suppress(Exception):
            ends = [
                self._client.submit(_end, self._begun, workers=[worker], allow_other_workers=False, pure=False)
                for worker in self._client.nthreads()
            ]
            for end in ends:
                with suppress(TimeoutError):
                    end.result(timeout=max(0.0, until_wall_s - time.monotonic()))
        self._client.close()


def load_dask() -> None:
    """Import Dask. To be done before time is made virtual: its compiled parts look at the size of `datetime` when they
    are loaded. Raises UsageError if Dask is not installed."""
    try:
        import_module("distributed")
    except ImportError as error:
        raise UsageError("a Dask cluster needs Dask: install 'seatrial[dask]'") from error


def _connected(address: str) -> Any:
    distributed = import_module("distributed")
    try:
        client = distributed.Client(address, timeout=ANSWER_WALL_S, set_as_default=False)
    except (OSError, ValueError) as error:  # a timeout is an OSError
        raise UsageError(
            f"nobody answers at the Dask address {address!r}: give that of a running scheduler, as tcp://HOST:8786"
        ) from error
    try:
        client.wait_for_workers(1, timeout=ANSWER_WALL_S)
    except TimeoutError as error:
        client.close()
        raise UsageError(f"the Dask cluster at {address!r} has no workers: start one with `dask worker`") from error
    return client


def _result_of(future: Any) -> Any:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    while not done.wait(LOOK_WALL_S):
        BEAT.raise_interrupt()
    BEAT.raise_interrupt()
    distributed = import_module("distributed")
    try:
        return future.result()
    except distributed.KilledWorker as error:
        raise SeatrialError(
            "Dask workers died again and again at the same work. Too little memory is the usual cause"
        ) from error
    except distributed.CancelledError as error:
        raise SeatrialError("the Dask cluster has gone away, and the work with it") from error


# ---------------------------------------------------------------------------------------------- inside a Dask worker

_ONE_AT_A_TIME = threading.Lock()
_BEGUN: list[tuple[Any, Any, Any]] = []
"""(what was asked for, its context, what that gave) of the campaign that this process works for."""


def _do(wanted: tuple[Begin, Piece, dict[str, str]], function: Callable[..., Any], piece: Piece) -> Any:
    with _ONE_AT_A_TIME:
        if not _BEGUN or _BEGUN[0][0] != wanted:
            begin, arguments, theirs = wanted
            if versions() != theirs:
                raise UsageError(f"a Dask worker has {versions()}, and this process {theirs}: give both the same")
            _leave()
            context = begin(*arguments)
            _BEGUN.append((wanted, context, context.__enter__()))
        return function(_BEGUN[0][2], *piece)


def _end(wanted: tuple[Begin, Piece, dict[str, str]]) -> None:
    """Leave that campaign, unless the worker is at another one by now."""
    with _ONE_AT_A_TIME:
        if _BEGUN and _BEGUN[0][0] == wanted:
            _leave()


def _leave() -> None:
    if _BEGUN:
        _BEGUN.pop()[1].__exit__(None, None, None)
