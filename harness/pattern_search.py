"""Tries an implementation against a pattern: schedules drawn by Hypothesis, until one breaks a promise.

What is found is shrunk (`pattern_shrink.py`), and run some times more on fresh instances: an implementation that breaks
its promise only at times is said to do so. A function of pattern, implementation, seed and number of examples: no clock
is read here but the user's budget.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st

from harness.draws import BACKEND
from harness.errors import AdapterError, SeatrialError
from harness.pattern import ANSWERS, Broken, OperationPattern, Tryout
from harness.pattern_shrink import Operations, shrunk
from harness.pattern_target import assert_matches, closed, made

EXAMPLES = 100
STEPS_MAX = 30
CONFIRMATIONS = 3
"""Fresh runs of a schedule that was found."""

Progress = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one schedule showed."""

    broken: Broken | None
    judged: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A broken promise, and the smallest schedule that breaks it. `again`: in how many of `CONFIRMATIONS` fresh
    runs."""

    promise: str
    reason: str
    operations: Operations
    again: int


@dataclass(slots=True, kw_only=True)
class Searched:
    """The result of a search."""

    examples: int = 0
    judged: dict[str, int] = field(default_factory=dict)
    not_applicable: tuple[str, ...] = ()
    breaches: list[Breach] = field(default_factory=list)
    wall_s: float = 0.0


class _Ended(BaseException):
    """Something is found, or the budget is spent. Ends Hypothesis' run from within."""


def search(
    pattern: OperationPattern,
    factory: Callable[[], Any],
    *,
    target: str,
    examples: int = EXAMPLES,
    steps_max: int = STEPS_MAX,
    seed: int = 0,
    budget_wall_s: float | None = None,
    progress: Progress | None = None,
) -> Searched:
    """Draw schedules until one breaks a promise, or there have been `examples` of them.

    Raises:
        UsageError: what the factory makes does not match the pattern's port. AdapterError: it makes nothing, or cannot
            be reached.
    """
    return _Search(pattern, factory, target, budget_wall_s, progress).run(examples, steps_max, seed)


def run(pattern: OperationPattern, factory: Callable[[], Any], operations: Operations, *, target: str) -> Ran:
    """One schedule on a fresh instance. Raises UsageError, AdapterError."""
    instance = made(factory, target)
    try:
        assert_matches(instance, pattern, target)
        return _tried(pattern, instance, operations, target)
    finally:
        closed(instance)


def _tried(pattern: OperationPattern, instance: Any, operations: Operations, target: str) -> Ran:
    tryout: Tryout | None = None
    try:
        tryout = pattern.begin(instance)
        for operation in operations:
            tryout.do(operation)
        tryout.end()
    except Broken as broken:
        return Ran(broken=broken, judged=dict(tryout.claims.judged) if tryout is not None else {})
    except SeatrialError:
        raise
    # Someone else's code may fail in any way: what its port does not name is a breach, what is out of reach no verdict.
    except Exception as error:
        if hasattr(error, "definite") or isinstance(error, ConnectionError):
            raise AdapterError(f"target {target!r} could not answer: {error}") from error
        return Ran(
            broken=Broken(ANSWERS, f"{type(error).__name__}: {error}"),
            judged=dict(tryout.claims.judged) if tryout is not None else {},
        )
    judged = dict(tryout.claims.judged)
    judged[ANSWERS] = judged.get(ANSWERS, 0) + len(operations)
    return Ran(broken=None, judged=judged)


class _Search:
    """One call of `search`."""

    def __init__(
        self,
        pattern: OperationPattern,
        factory: Callable[[], Any],
        target: str,
        budget_wall_s: float | None,
        progress: Progress | None,
    ) -> None:
        self._pattern = pattern
        self._factory = factory
        self._target = target
        self._progress = progress
        self._began_wall_s = time.monotonic()
        self._deadline_wall_s = None if budget_wall_s is None else self._began_wall_s + budget_wall_s
        self._failure: SeatrialError | None = None
        self._found: tuple[Operations, Broken] | None = None
        self.result = Searched()

    def run(self, examples: int, steps_max: int, seed: int) -> Searched:
        instance = made(self._factory, self._target)
        try:
            assert_matches(instance, self._pattern, self._target)
            self.result.not_applicable = tuple(self._pattern.not_applicable(instance))
        finally:
            closed(instance)
        self._draw(examples, steps_max, seed)
        if self._failure is not None:
            raise self._failure
        if self._found is not None:
            self.result.breaches.append(self._concluded(*self._found))
        self.result.wall_s = time.monotonic() - self._began_wall_s
        return self.result

    def _draw(self, examples: int, steps_max: int, seed: int) -> None:
        operation = self._pattern.operations()
        # Lists of a drawn length: Hypothesis' own are short, and what goes wrong takes a few steps to set up.
        schedules = st.integers(1, steps_max).flatmap(lambda size: st.lists(operation, min_size=size, max_size=size))

        @hypothesis.seed(seed)
        @settings(
            max_examples=examples,
            backend=BACKEND,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=False,
        )
        @hypothesis.given(schedules)
        def tried(operations: Operations) -> None:
            self._try(operations, examples)

        with contextlib.suppress(_Ended):
            tried()

    def _try(self, operations: Operations, examples: int) -> None:
        if self._deadline_wall_s is not None and time.monotonic() > self._deadline_wall_s:
            raise _Ended
        try:
            ran = self._run(operations)
        except SeatrialError as error:
            self._failure = error
            raise _Ended from None
        self.result.examples += 1
        for name, count in ran.judged.items():
            self.result.judged[name] = self.result.judged.get(name, 0) + count
        if self._progress is not None:
            self._progress(min(self.result.examples, examples), examples, int(ran.broken is not None))
        if ran.broken is not None:
            self._found = (operations, ran.broken)
            raise _Ended

    def _run(self, operations: Operations) -> Ran:
        return run(self._pattern, self._factory, operations, target=self._target)

    def _concluded(self, operations: Operations, broken: Broken) -> Breach:
        promise = broken.promise

        def breaks(fewer: Operations) -> str | None:
            found = self._run(fewer).broken
            return found.reason if found is not None and found.promise == promise else None

        operations, reason = shrunk(operations, broken.reason, breaks)
        again = sum(breaks(operations) is not None for _ in range(CONFIRMATIONS))
        return Breach(promise=promise, reason=reason, operations=operations, again=again)
