"""Whether a recorded history of concurrent operations could have happened one at a time.

For a store whose own order is not to be trusted: a history of calls and returns, seen by its clients, is linearizable
if the operations can be put into one sequence that respects real time (who returned before another was called comes
first) and in which each result is right. An operation without an answer may take effect at any time after its call, or
never. Linearizability is local: a history is linearizable if what happened to each key is, so keys are judged apart.

Search: Wing and Gong's, with Lowe's memory of configurations that led nowhere. Two things keep it fast: a configuration
is stored relative to its oldest open operation, so that its size is the concurrency and not the history; and a
read that is right now is taken at once, because it can only be in the way later.

Three verdicts: a search that runs out of time says so, and is no proof of anything. What breaks it comes with its key,
and with the operations of which none could be next where the search got furthest.

Sources: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993); Lowe, "Testing for linearizability" (2017);
Herlihy and Wing, "Linearizability" (1990).
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf
from time import monotonic
from typing import Final, Protocol

_STEPS_BETWEEN_LOOKS: Final = 256
"""Configurations tried between two looks at the clock: arbitrary, about a millisecond."""


class Verdict(Enum):
    LINEARIZABLE = "linearizable"
    NOT_LINEARIZABLE = "not linearizable"
    UNKNOWN = "unknown: the search ran out of time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of one client.

    Args:
        client: who called, for the report.
        key: what it was about.
        name: what the model knows it by.
        argument: what was given.
        result: what was answered; None as well if nothing was.
        called: when, on one clock for all clients, in any unit.
        returned: when the answer came; `inf`: never, and the operation may have had its effect or not.
    """

    client: str
    key: Hashable
    name: str
    argument: Hashable = None
    result: Hashable = None
    called: float
    returned: float = inf


class Model(Protocol):
    """The sequential object: what one operation does to one key."""

    @property
    def initial(self) -> Hashable: ...

    def is_read(self, operation: Operation) -> bool:
        """Whether, with this result, it never changes anything in any state."""

    def step(self, state: Hashable, operation: Operation) -> tuple[bool, Hashable]:
        """Whether the operation can have its result in this state, and the state after it. Without an answer
        (`returned` is `inf`) any result will do."""


class Register:
    """A key that holds one value or nothing (None), with compare-and-swap.

    Operations: `read` (result: the value); `write` (argument: the new value, None to delete); `swap` (argument:
    (expected, new); result: True, or (False, the value that was found)).
    """

    initial: Hashable = None

    def is_read(self, operation: Operation) -> bool:
        return operation.name == "read" or (operation.name == "swap" and isinstance(operation.result, tuple))

    def step(self, state: Hashable, operation: Operation) -> tuple[bool, Hashable]:
        if operation.name == "read":
            return operation.result == state, state
        if operation.name == "write":
            return True, operation.argument
        assert operation.name == "swap", f"{operation.name!r} is not an operation of a register"
        assert isinstance(operation.argument, tuple), operation
        expected, new = operation.argument
        if isinstance(operation.result, tuple):
            return state != expected and operation.result[1] == state, state
        if operation.returned == inf and state != expected:
            return True, state
        return state == expected, new


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a history. `stuck`: the operations of `key` of which none could be next, oldest call first."""

    verdict: Verdict
    key: Hashable = None
    stuck: tuple[Operation, ...] = ()


def judge(
    history: Sequence[Operation], model: Model, *, within_s: float = 60.0, clock: Callable[[], float] = monotonic
) -> Judgement:
    """Judge every key. Not linearizable is final, whatever could not be decided about other keys.

    Args:
        within_s: real seconds for all keys together.
    """
    partitions: dict[Hashable, list[Operation]] = {}
    for operation in history:
        assert operation.called <= operation.returned, f"{operation} returned before it was called"
        partitions.setdefault(operation.key, []).append(operation)
    deadline = clock() + within_s
    unknown: Judgement | None = None
    # The smallest first, so that one hard key does not use up the time of many easy ones.
    for key, operations in sorted(partitions.items(), key=lambda item: len(item[1])):
        search = _Search(operations, model, lambda: clock() > deadline)
        verdict = search.run()
        if verdict is Verdict.NOT_LINEARIZABLE:
            return Judgement(verdict, key, search.stuck())
        if verdict is Verdict.UNKNOWN and unknown is None:
            unknown = Judgement(verdict, key)
    return unknown or Judgement(Verdict.LINEARIZABLE)


_Configuration = tuple[int, int, int, Hashable]
"""(oldest operation with an answer that is not taken yet; which from there on are taken, as bits from that one;
which of those without an answer are taken, as bits; state)"""


class _Search:
    """Depth first through the configurations of one key."""

    def __init__(self, operations: Sequence[Operation], model: Model, is_late: Callable[[], bool]) -> None:
        answered = [each for each in operations if each.returned != inf]
        self._model = model
        self._is_late = is_late
        self._answered = sorted(answered, key=lambda each: (each.called, each.returned))
        # One that never answered and reads changes nothing and claims nothing.
        open_ended = [each for each in operations if each.returned == inf and not model.is_read(each)]
        self._open_ended = sorted(open_ended, key=lambda each: each.called)
        self._furthest: tuple[int, _Configuration] = (-1, (0, 0, 0, model.initial))

    def run(self) -> Verdict:
        start: _Configuration = (0, 0, 0, self._model.initial)
        seen = {start}
        stack = [start]
        looked = 0
        while stack:
            looked += 1
            if looked % _STEPS_BETWEEN_LOOKS == 0 and self._is_late():
                return Verdict.UNKNOWN
            configuration = stack.pop()
            oldest, taken, _, _ = configuration
            depth = oldest + taken.bit_count()
            if depth > self._furthest[0]:
                self._furthest = (depth, configuration)
            if depth == len(self._answered):
                return Verdict.LINEARIZABLE
            # Reversed: the most likely successor is tried first.
            for successor in reversed(self._successors(configuration)):
                if successor not in seen:
                    seen.add(successor)
                    stack.append(successor)
        return Verdict.NOT_LINEARIZABLE

    def stuck(self) -> tuple[Operation, ...]:
        """What was open where the search got furthest."""
        oldest, taken, _, _ = self._furthest[1]
        return tuple(self._answered[index] for index in self._candidates(oldest, taken))

    def _candidates(self, oldest: int, taken: int) -> Iterator[int]:
        """Operations with an answer that may be next: called before any other that is not taken returned."""
        limit = inf
        for index in range(oldest, len(self._answered)):
            operation = self._answered[index]
            if operation.called > limit:
                return
            if not taken >> (index - oldest) & 1:
                limit = min(limit, operation.returned)
                yield index

    def _successors(self, configuration: _Configuration) -> list[_Configuration]:
        oldest, taken, ghosts, state = configuration
        model, answered = self._model, self._answered
        found: list[tuple[float, _Configuration]] = []
        limit = inf
        for index in self._candidates(oldest, taken):
            operation = answered[index]
            limit = min(limit, operation.returned)
            is_right, after = model.step(state, operation)
            if not is_right:
                continue
            successor = (*_take(oldest, taken, index), ghosts, after)
            if model.is_read(operation):
                return [successor]
            found.append((operation.returned, successor))
        found.sort(key=lambda item: item[0])
        successors = [successor for _, successor in found]
        for index, operation in enumerate(self._open_ended):
            if operation.called > limit:
                break
            if not ghosts >> index & 1:
                _, after = model.step(state, operation)
                if after != state:
                    successors.append((oldest, taken, ghosts | 1 << index, after))
        return successors


def _take(oldest: int, taken: int, index: int) -> tuple[int, int]:
    """The configuration's first two parts after one more operation is taken."""
    taken |= 1 << (index - oldest)
    while taken & 1:
        oldest, taken = oldest + 1, taken >> 1
    return oldest, taken
