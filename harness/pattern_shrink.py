"""The smallest schedule of operations that breaks the same promise.

Operations make sense in every state, so any part of a schedule is one: halves, quarters and so on are taken away (delta
debugging) until no single operation can be; then numbers become as small and switches as false as they can be, and what
was done at once is done alone. Each step is kept only if the same promise is still broken.

Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input" (2002).
"""

from collections.abc import Callable, Iterator
from typing import Final

from reference_impl.protocol import JsonObject

Operations = list[JsonObject]
RUNS_MAX: Final = 2_000
"""Of the implementation; arbitrary. What is found by then is what is shown."""


def shrunk(operations: Operations, reason: str, breaks: Callable[[Operations], str | None]) -> tuple[Operations, str]:
    """A smaller schedule, and why it breaks the promise.

    Args:
        breaks: runs a schedule; the reason if it breaks the same promise, else None.
    """
    runs = 0
    improved = True
    while improved:
        improved = False
        for candidate in _simpler(operations):
            runs += 1
            if runs > RUNS_MAX:
                return operations, reason
            found = breaks(candidate)
            if found is not None:
                operations, reason, improved = candidate, found, True
                break
    return operations, reason


def _simpler(operations: Operations) -> Iterator[Operations]:
    """Schedules that are simpler by one step, the boldest first."""
    size = len(operations) // 2
    while size:
        # From the end: what came after the promise was broken goes first.
        for start in range(len(operations) - size, -1, -size):
            yield [*operations[:start], *operations[start + size :]]
        size //= 2
    for index, operation in enumerate(operations):
        for simpler in _simpler_operations(operation):
            yield [*operations[:index], simpler, *operations[index + 1 :]]


def _simpler_operations(operation: JsonObject) -> Iterator[JsonObject]:
    for name, value in operation.items():
        if isinstance(value, bool):
            if value:
                yield {**operation, name: False}
        elif isinstance(value, int):
            yield from (
                {**operation, name: smaller} for smaller in sorted({0, value // 2, value - 1}) if 0 <= smaller < value
            )
        elif isinstance(value, list):
            yield from value
            for index in range(len(value)):
                yield {**operation, name: [*value[:index], *value[index + 1 :]]}
