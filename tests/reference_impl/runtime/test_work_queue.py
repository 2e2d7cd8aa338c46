import trio
from trio.testing import trio_test

from reference_impl.runtime import QueueShutDown, WorkQueue
from tests.reference_impl.runtime.fakes import FakeClock, settle


def queue(clock: FakeClock | None = None) -> WorkQueue[str]:
    return WorkQueue(clock or FakeClock())


def test_a_key_added_twice_is_queued_once() -> None:
    work = queue()
    work.add("a")
    work.add("a")
    assert len(work) == 1


@trio_test
async def test_keys_come_out_in_the_order_in_which_they_came() -> None:
    work = queue()
    for key in ("b", "a", "c"):
        work.add(key)
    assert [await work.get() for _ in range(3)] == ["b", "a", "c"]


@trio_test
async def test_a_key_added_while_it_is_processed_is_queued_again_when_done() -> None:
    work = queue()
    work.add("a")
    key = await work.get()
    work.add("a")
    assert len(work) == 0  # never twice at once
    assert work.processing_count == 1
    work.done(key)
    assert await work.get() == "a"


@trio_test
async def test_done_without_a_new_add_queues_nothing() -> None:
    work = queue()
    work.add("a")
    work.done(await work.get())
    assert (len(work), work.processing_count) == (0, 0)


@trio_test
async def test_waiting_getters_are_served_first_come_first_served() -> None:
    work, got = queue(), []

    async def take(name: str) -> None:
        got.append((name, await work.get()))

    async with trio.open_nursery() as nursery:
        for name in ("first", "second"):
            nursery.start_soon(take, name)
            await settle()
        work.add("a")
        work.add("b")
    assert sorted(got) == [("first", "a"), ("second", "b")]


@trio_test
async def test_back_off_starts_at_5_ms_and_doubles() -> None:
    clock = FakeClock()
    work = queue(clock)
    due = []
    for _ in range(4):
        work.add_rate_limited("a")
        due.append(work.pending_timers["a"] - clock.now_s)
        await clock.elapse(1)
        work.done(await work.get())
    assert [round(delay_s, 6) for delay_s in due] == [0.005, 0.01, 0.02, 0.04]
    assert work.num_requeues("a") == 4


def test_back_off_ends_at_1000_s() -> None:
    clock = FakeClock()
    work = queue(clock)
    for _ in range(2000):
        work.add_rate_limited("other")
    work.add_after("other", 0)
    for _ in range(30):
        work.add_rate_limited("a")
    work._waiting.clear()
    work.add_rate_limited("a")
    assert work.pending_timers["a"] == 1000


def test_forget_starts_the_back_off_afresh() -> None:
    work = queue()
    work.add_rate_limited("a")
    work.forget("a")
    assert work.num_requeues("a") == 0


@trio_test
async def test_of_two_delays_the_earlier_counts_whichever_came_first() -> None:
    clock = FakeClock()
    work = queue(clock)
    work.add_after("a", 5)
    work.add_after("a", 30)
    work.add_after("b", 30)
    work.add_after("b", 5)
    assert work.pending_timers == {"a": 5, "b": 5}
    await clock.elapse(6)
    assert len(work) == 2
    assert clock.pending == []


@trio_test
async def test_a_delayed_key_is_not_ready_before_its_time() -> None:
    clock = FakeClock()
    work = queue(clock)
    work.add_after("a", 5)
    await clock.elapse(4.9)
    assert len(work) == 0
    await clock.elapse(0.1)
    assert len(work) == 1


@trio_test
async def test_a_shut_down_queue_is_emptied_and_then_turns_getters_away() -> None:
    clock = FakeClock()
    work = queue(clock)
    work.add("a")
    work.add_after("late", 5)
    work.shut_down()
    work.add("b")
    assert await work.get() == "a"
    try:
        await work.get()
    except QueueShutDown:
        assert clock.pending == []
    else:
        raise AssertionError("a getter was not turned away")


@trio_test
async def test_shutting_down_wakes_a_waiting_getter() -> None:
    work, turned_away = queue(), []

    async def take() -> None:
        try:
            await work.get()
        except QueueShutDown:
            turned_away.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        await settle()
        work.shut_down()
    assert turned_away == [True]
