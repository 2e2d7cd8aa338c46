"""A nursery that fails with the one exception that matters.

trio wraps what its tasks raise in exception groups. A process, though, dies of one thing: a panic rather than a lost
lease rather than an error; of several, the first. A cancellation from outside passes through.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import trio

from reference_impl.errors import ApiError
from reference_impl.runtime.contract import LeadershipLost, Retry


@asynccontextmanager
async def open_process_nursery() -> AsyncIterator[trio.Nursery]:
    """Like `trio.open_nursery`, but raises a single exception out of what its tasks raised."""
    try:
        async with trio.open_nursery() as nursery:
            yield nursery
    except BaseExceptionGroup as group:
        cause = cause_of(group)
        if cause is None:
            raise
    else:
        return
    # Outside the handler: the group, which holds tracebacks of every task, is not kept as context.
    raise cause


def cause_of(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """The exception that matters most in a group; None if it holds nothing but cancellations."""
    found = [error for error in leaves(group) if not isinstance(error, trio.Cancelled)]
    return min(found, key=_rank) if found else None


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions in a group, depth first; a lone exception is its own leaf."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def _rank(error: BaseException) -> int:
    if not isinstance(error, Exception):
        return 0
    if isinstance(error, LeadershipLost):
        return 2
    return 3 if isinstance(error, (ApiError, Retry)) else 1
