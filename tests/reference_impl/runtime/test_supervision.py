import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import NotFound
from reference_impl.runtime import LeadershipLost
from reference_impl.runtime.supervision import cause_of, open_process_nursery


def test_a_panic_matters_more_than_a_lost_lease_and_that_more_than_an_error() -> None:
    panic, lost, error = KeyError("x"), LeadershipLost("front", "me"), NotFound("y")
    assert cause_of(ExceptionGroup("", [error, ExceptionGroup("", [lost, panic])])) is panic
    assert cause_of(ExceptionGroup("", [error, lost])) is lost


def test_of_several_panics_the_first_is_told() -> None:
    first, second = KeyError("1"), KeyError("2")
    assert cause_of(ExceptionGroup("", [first, second])) is first


@trio_test
async def test_the_nursery_raises_the_exception_itself() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):  # noqa: PT012  # the nursery is what raises
        async with open_process_nursery() as nursery:
            nursery.start_soon(fail)
            nursery.start_soon(trio.sleep_forever)


@trio_test
async def test_a_cancellation_from_outside_passes_through() -> None:
    with trio.CancelScope() as scope:
        async with open_process_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
