"""The past is kept for minutes and within a bound, and who comes back from before it is told."""

import pytest
import trio
import trio.testing

from reference_impl.errors import Gone
from reference_impl.history import History
from reference_impl.plane import LocalPlane, RealClock
from reference_impl.protocol import ApiRequest


def run(test, **options):
    async def main():
        async with trio.open_nursery() as nursery:
            plane = LocalPlane(RealClock(nursery))
            nursery.start_soon(History(plane, **options).run)
            await trio.sleep(1)
            await test(plane)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def write(plane, count, text="x"):
    for number in range(count):
        plane.store.put(("configmaps", "default", "a"), {"metadata": {"name": "a"}, "data": {"a": f"{number}{text}"}})


def test_what_is_five_minutes_old_goes_after_five_more():
    async def test(plane):
        start = plane.store.revision
        write(plane, 10)
        await trio.sleep(310)
        assert plane.store.compacted_revision == start
        write(plane, 10)
        await trio.sleep(300)
        assert plane.store.compacted_revision == start + 10

    run(test)


def test_too_much_of_it_goes_at_once():
    async def test(plane):
        write(plane, 1000, "x" * 1000)
        await trio.sleep(0.1)
        kept = plane.store.revision - plane.store.compacted_revision
        assert 25 <= kept <= 50
        request = ApiRequest(
            verb="watch", api_version="v1", kind="ConfigMap", namespace="default", resource_version="9"
        )
        with pytest.raises(Gone):
            await plane.transport().watch(request, lambda event: None, lambda error: None)

    run(test, bytes_max=100_000)


def test_small_revisions_count_too():
    async def test(plane):
        write(plane, 1000)
        await trio.sleep(0.1)
        assert plane.store.revision - plane.store.compacted_revision < 200

    run(test, bytes_max=100_000)
