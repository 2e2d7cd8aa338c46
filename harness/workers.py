"""Who does a search's work: this process, or processes of its own making. (A Dask cluster: `dask_workers.py`.)

A worker *begins* once, which takes a second or two (fair weather, workloads), and is then given pieces of work. Results
come in the order of the pieces, whoever did them and whenever: so the number of workers changes nothing. A process that
dies, of `kill -9` or of too little memory, is replaced, and its piece is done again.

`begin` and `function` are looked up by name in the other process: they are defined at the top of a module, and what
they are given and give back can be pickled.
"""

import pickle
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from harness.ambient import virtual_ambient
from harness.errors import SeatrialError, UsageError
from harness.schedule import code_digest
from harness.trial import Trial, trial_from_description
from harness.trial_description import opaque_parts
from harness.watchdog import BEAT, watchdog

LOOK_WALL_S = 0.2
"""While others work, Ctrl-C is looked for so often."""

DEATHS_MAX = 3
"""A piece whose worker dies so often is not given to another."""

Begin = Callable[..., AbstractContextManager[Any]]
"""What a worker does first: it enters this context, and what that gives is the first argument of every piece."""

Piece = tuple[Any, ...]
Results = Generator[Any, None, None]


class Workers(Protocol):
    """Somebody who works."""

    def results(self, function: Callable[..., Any], pieces: Sequence[Piece]) -> Results:
        """`function(what was begun, *piece)` for each piece, in the order of the pieces. Close it to have no more done.

        Raises what the function raised, SeatrialError if a worker dies of the same piece again and again, and
        KeyboardInterrupt, after what had come back by then.
        """
        ...

    def close(self) -> None:
        """Let go of all processes, also in the middle of a piece."""
        ...


class Here:
    """This process, which has begun already."""

    def __init__(self, begun: Any) -> None:
        self._begun = begun

    def results(self, function: Callable[..., Any], pieces: Sequence[Piece]) -> Results:
        for piece in pieces:
            yield function(self._begun, *piece)

    def close(self) -> None:
        pass


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    piece: int = -1
    """Index of what it works on; -1: nothing."""
    begun: bool = False
    """It has been heard from."""


class Processes:
    """Processes of our own, started as they are needed and kept until `close`.

    `start`: "spawn", or "fork": then what they begin with need not be pickled, and is what it is here when they start.
    """

    def __init__(self, size: int, begin: Begin, arguments: Piece, *, start: str = "spawn") -> None:
        self._start = start
        self._size = size
        self._begin = begin
        self._arguments = arguments
        self._workers: list[_Worker] = []

    def results(self, function: Callable[..., Any], pieces: Sequence[Piece]) -> Results:
        waiting = deque(range(len(pieces)))
        done: dict[int, Any] = {}
        deaths = [0] * len(pieces)
        try:
            for index in range(len(pieces)):
                while index not in done:
                    self._hand_out(function, pieces, waiting, deaths)
                    for worker in self._heard_from():
                        answer = self._answer_of(worker, waiting, deaths)
                        if answer is not None:
                            done[worker.piece] = answer
                            worker.piece = -1
                succeeded, value = done.pop(index)
                if not succeeded:
                    raise value
                yield value
        except KeyboardInterrupt:
            # What has been done counts, though something before it is missing.
            yield from (value for _, (succeeded, value) in sorted(done.items()) if succeeded)
            raise
        finally:
            # Whoever is still at work does what nobody waits for any more.
            for worker in [worker for worker in self._workers if worker.piece >= 0]:
                self._dismiss(worker)

    def close(self) -> None:
        for worker in list(self._workers):
            self._dismiss(worker)

    def _hand_out(
        self, function: Callable[..., Any], pieces: Sequence[Piece], waiting: deque[int], deaths: list[int]
    ) -> None:
        while waiting:
            worker = next((worker for worker in self._workers if worker.piece < 0), None)
            if worker is None:
                if len(self._workers) >= self._size:
                    return
                worker = self._hire()
            try:
                worker.pipe.send((function, pieces[waiting[0]]))
            except OSError:
                self._dismiss(worker)
                if not worker.begun:  # or else it died while it had nothing to do, which no piece is to blame for
                    _count_death(worker, waiting[0], deaths)
                continue
            worker.piece = waiting.popleft()

    def _heard_from(self) -> list[_Worker]:
        """Those at work who have answered or died; after a moment, none."""
        BEAT.raise_interrupt()
        busy = [worker for worker in self._workers if worker.piece >= 0]
        ready = wait([worker.pipe for worker in busy], LOOK_WALL_S)
        return [worker for worker in busy if worker.pipe in ready]

    def _answer_of(self, worker: _Worker, waiting: deque[int], deaths: list[int]) -> tuple[bool, Any] | None:
        """(it succeeded, what came of it), or None if there is none yet: the worker has only begun, or it is dead, and
        its piece waits again."""
        try:
            answer: tuple[bool, Any] | None = worker.pipe.recv()
        except (EOFError, OSError):
            self._dismiss(worker)
            _count_death(worker, worker.piece, deaths)
            waiting.appendleft(worker.piece)
            return None
        worker.begun = True
        return answer

    def _hire(self) -> _Worker:
        context: Any = get_context(self._start)
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._begin, self._arguments), daemon=True)
        with warnings.catch_warnings():
            # Python 3.12 warns of forks beside threads. Ours (a progress bar's) hold nothing that a worker needs.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.kill()
        worker.process.join()
        worker.process.close()


def _count_death(worker: _Worker, piece: int, deaths: list[int]) -> None:
    """Raises SeatrialError if it is one too many for this piece."""
    deaths[piece] += 1
    if deaths[piece] < DEATHS_MAX:
        return
    if worker.begun:
        raise SeatrialError(
            f"a worker process died {DEATHS_MAX} times at the same work. Too little memory is the usual cause: "
            "try fewer processes"
        )
    raise SeatrialError(
        f"worker processes could not start: {DEATHS_MAX} died before they had begun. What they said is above, if "
        'anything; a script needs `if __name__ == "__main__":` around its call; or there is too little memory: try one '
        "process"
    )


def _serve(pipe: Connection, begin: Begin, arguments: Piece) -> None:
    """The life of a worker process: None when it has begun; then a piece, an answer, and so on until nobody is there
    to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the process that collects
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with begin(*arguments) as begun:
            pipe.send(None)
            while True:
                function, piece = pipe.recv()
                pipe.send((True, function(begun, *piece)))
    except EOFError:
        return
    except BaseException as error:
        pipe.send((False, _portable(error)))


def _portable(error: BaseException) -> BaseException:
    """The error, or one that says the same, if it does not survive the way."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return SeatrialError(f"{type(error).__name__}: {error}")


# -------------------------------------------------------------------------------------------------------------- trials

_LOADED: dict[str, str] = {}
"""For the code that each trial names, its digest when this process loaded it, which it does once in its life."""


@contextmanager
def trial_at_work(description: dict[str, Any], paths: Sequence[str], digest: str) -> Iterator[Trial]:
    """The trial of a description, made ready to run in this process.

    Args:
        paths: where else to look for the controller's code: the import path of who sends the work.
        digest: of the controllers' code over there.

    Raises:
        UsageError: here, the controller's code is another; or this process has loaded it before it was changed.
    """
    sys.path += [path for path in paths if path not in sys.path]
    trial = trial_from_description(description)
    if code_digest(trial) != digest:
        raise UsageError(f"{trial.name}: a worker has other code than the one that sends the work. Give both the same")
    if _LOADED.setdefault(repr((description["controllers"], description["plane"])), digest) != digest:
        raise UsageError(
            f"{trial.name}: its code has changed since a worker loaded it, and is loaded only once: restart the Dask "
            "workers"
        )
    with redirect_stdout(sys.stderr), virtual_ambient(trial.factories), watchdog():
        yield trial


def arguments_for(trial: Trial) -> Piece:
    """What `trial_at_work` needs to make the same trial elsewhere."""
    return trial.describe(), list(sys.path), code_digest(trial)


def unsendable_parts(trial: Trial) -> list[str]:
    """Pieces of a trial's code that no other process can have: lambdas, closures, objects."""
    description = trial.describe()
    edits = {"values": description["edits"]}
    return [*opaque_parts(description), *(part.replace("values", "edits", 1) for part in opaque_parts(edits))]
