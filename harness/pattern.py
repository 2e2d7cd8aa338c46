"""What the author of a pattern reads first: the shapes of a contract that implementations can be held to.

A *pattern* is a solution to a problem in a context (Fowler); its *contract* is the list of promises that make it one.
There are two kinds, by how promises are tried. An `OperationPattern` has a port, and is tried by schedules of
operations on an instance made by the target's factory, beside a model. A `TrialPattern` is a pattern of control loops:
its promises are properties, tried by a trial in the weather that this pattern has to stand.

Operations are JSON objects with a `do`. Each must make sense in every state (what it refers to is counted, not named),
so that any part of a schedule is a schedule: this is what makes the smallest one findable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from reference_impl.protocol import JsonObject

ANSWERS = "answers_as_the_port_says"
"""The promise that is broken by an exception that the port does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One claim of a pattern.

    Args:
        name: snake case; of a `TrialPattern`, the name of a property.
        says: the claim, in one sentence.
        source: who promises it, as a link.
        voided_by: what makes it meaningless, in words.
    """

    name: str
    says: str
    source: str
    voided_by: tuple[str, ...] = ()


class Broken(Exception):
    """A promise does not hold. Raised by tryouts, through `Claims`."""

    def __init__(self, promise: str, reason: str) -> None:
        super().__init__(f"{promise}: {reason}")
        self.promise = promise
        self.reason = reason


@dataclass(slots=True)
class Claims:
    """What was claimed in one tryout, and how often: a promise that was never put to the test does not hold."""

    judged: dict[str, int] = field(default_factory=dict)

    def that(self, promise: str, is_kept: bool, reason: str) -> None:
        """Raises Broken unless `is_kept`."""
        self.judged[promise] = self.judged.get(promise, 0) + 1
        if not is_kept:
            raise Broken(promise, reason)

    def equal(self, promise: str, actual: Any, expected: Any, what: str) -> None:
        """Raises Broken unless both are equal."""
        self.judged[promise] = self.judged.get(promise, 0) + 1
        if actual != expected:
            raise Broken(promise, f"{what}: expected {expected!r}, got {actual!r}")


class Tryout(Protocol):
    """One schedule on one fresh instance. All calls raise Broken where a promise does not hold."""

    @property
    def claims(self) -> Claims: ...

    def do(self, operation: JsonObject) -> None:
        """Carry out one operation, and compare."""

    def end(self) -> None:
        """What can only be judged when all is done. Not called after a promise was broken."""


class OperationPattern(Protocol):
    """A pattern tried by operations on a port."""

    @property
    def name(self) -> str: ...

    @property
    def says(self) -> str:
        """The pattern in one sentence."""

    @property
    def target(self) -> str:
        """What the factory TARGET returns, in a few words."""

    @property
    def promises(self) -> Sequence[Promise]: ...

    @property
    def port(self) -> type:
        """The Protocol that an implementation matches."""

    def not_applicable(self, instance: Any) -> Sequence[str]:
        """Promises that this implementation says it does not make."""

    @property
    def fields(self) -> Mapping[str, Sequence[str]]:
        """What an operation is made of besides its `do`, for each `do`: a schedule from a file is compared with it."""

    def operations(self) -> Any:
        """A Hypothesis strategy of one operation."""

    def begin(self, instance: Any) -> Tryout: ...

    def shown(self, operation: JsonObject) -> str:
        """The operation as a line of a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPattern:
    """A pattern of control loops: `promises` are properties, `weather` the kinds of weather that put them to the test.

    TARGET returns a `Trial`, or is anything that `seatrial check` takes (a controller factory, with manifests).
    """

    name: str
    says: str
    promises: tuple[Promise, ...]
    weather: tuple[str, ...]
    target: str = "a Trial, or a controller factory with --manifest"


Pattern = OperationPattern | TrialPattern
