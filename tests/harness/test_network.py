"""The heap: order of messages and timers, channels that never reorder, crowds that take time."""

from collections.abc import Callable

from harness.network import CROWD_MAX, CROWDED_S, Channel, Network


class Log:
    def __init__(self) -> None:
        self.network = Network()
        self.told: list[object] = []

    def note(self, what: object) -> Callable[[], None]:
        return lambda: self.told.append(what)

    def run(self, until_s: float = 1e9) -> None:
        while (entry := self.network.next(until_s)) is not None:
            entry.action()


def test_messages_come_in_the_order_of_sending() -> None:
    log = Log()
    first, second = Channel(), Channel()
    for number, channel in enumerate((first, second, first)):
        log.network.send(channel, log.note(number))
    log.run()
    assert log.told == [0, 1, 2]


def test_one_channel_never_reorders_even_if_an_earlier_message_is_late() -> None:
    log = Log()
    stream, other = Channel(), Channel()
    log.network.send(stream, log.note("late"), extra_s=5.0)
    log.network.send(stream, log.note("behind it"))
    log.network.send(other, log.note("on another channel"))
    log.run()
    assert log.told == ["on another channel", "late", "behind it"]


def test_time_moves_to_what_is_next_and_not_beyond_the_limit() -> None:
    log = Log()
    log.network.call_at(3.0, log.note("timer"))
    log.run(until_s=2.0)
    assert (log.told, log.network.now_s) == ([], 0.0)
    log.run(until_s=3.0)
    assert (log.told, log.network.now_s) == (["timer"], 3.0)


def test_a_timer_goes_with_its_clock_and_fires_once() -> None:
    log = Log()
    clock = object()
    log.network.call_at(20.0, log.note("set by the clock"), clock=clock)
    log.network.call_at(12.0, log.note("set by another"), clock=object())
    log.network.rescale(clock, 0.5)
    log.network.rescale(clock, 2.0)
    log.network.rescale(clock, 0.5)
    assert log.network.timers_horizon_s() == 12.0
    log.run(until_s=11.0)
    assert (log.told, log.network.now_s) == (["set by the clock"], 10.0)
    log.run()
    assert log.told == ["set by the clock", "set by another"]


def test_what_was_kept_back_comes_before_anything_else_that_is_due() -> None:
    log = Log()
    log.network.send(Channel(), log.note("new"))
    log.network.first(log.note("kept back"))
    log.run()
    assert log.told == ["kept back", "new"]


def test_what_belongs_to_the_dead_is_forgotten_and_not_counted() -> None:
    log = Log()
    dead = object()
    log.network.send(Channel(), log.note("to the dead"), owner=dead)
    log.network.call_at(1.0, log.note("timer of the dead"), owner=dead)
    log.network.send(Channel(), log.note("to the living"))
    log.network.cancel_owned(dead)
    assert log.network.messages == 1
    log.run()
    assert log.told == ["to the living"]


def test_heartbeats_do_not_count_for_the_horizon() -> None:
    network = Network()
    network.call_at(500.0, lambda: None, heartbeat=True)
    assert network.timers_horizon_s() == 0.0
    network.call_at(7.0, lambda: None)
    assert network.timers_horizon_s() == 7.0


def test_timers_of_a_distant_day_do_not_count_for_a_near_horizon() -> None:
    network = Network()
    network.call_at(600.0, lambda: None)
    assert network.timers_horizon_s(within_s=5.0) == 0.0
    network.call_at(3.0, lambda: None)
    assert network.timers_horizon_s(within_s=5.0) == 3.0


def test_a_crowd_of_messages_takes_time_so_that_a_busy_loop_cannot_stop_the_clock() -> None:
    network = Network()
    channel = Channel()
    count = [0]

    def again() -> None:
        count[0] += 1
        if count[0] < 2 * CROWD_MAX:
            network.send(channel, again)

    network.send(channel, again)
    while (entry := network.next(1e9)) is not None:
        entry.action()
    assert CROWD_MAX * CROWDED_S / 20 < network.now_s < CROWD_MAX * CROWDED_S * 2


def test_in_a_lull_upkeep_is_left_out_and_made_up_for_before_anybody_looks() -> None:
    log = Log()
    network = log.network

    def every(period_s: float, what: str) -> None:
        log.told.append((what, network.now_s))
        network.call_at(network.now_s + period_s, lambda: every(period_s, what), heartbeat=what)  # type: ignore[arg-type]

    network.call_at(10.0, lambda: every(10.0, "sign"), heartbeat="sign")
    network.call_at(5.0, lambda: every(5.0, "check"), heartbeat="check")
    network.call_at(7.0, log.note("steady"), heartbeat=True)
    network.begin_lull()
    log.run(until_s=100.0)
    assert log.told == ["steady"]
    network.now_s = 100.0
    network.end_lull()
    log.run(until_s=106.0)
    assert log.told == ["steady", ("sign", 100.0), ("check", 105.0)]


def test_nobody_looks_before_the_signs_of_a_lull_have_arrived() -> None:
    log = Log()
    log.network.call_at(10.0, log.note("sign"), heartbeat="sign")
    log.network.call_at(5.0, log.note("check"), heartbeat="check")
    log.network.begin_lull()
    log.run(until_s=104.5)
    log.network.now_s = 104.5
    log.network.end_lull()
    log.run(until_s=109.0)
    assert log.told == ["sign"]
    log.run(until_s=110.0)
    assert log.told == ["sign", "check"]


def test_what_is_cancelled_in_a_lull_stays_so() -> None:
    log = Log()
    sign = log.network.call_at(10.0, log.note("sign"), heartbeat="sign")
    log.network.begin_lull()
    log.run(until_s=50.0)
    sign.cancel()
    log.network.end_lull()
    log.run(until_s=100.0)
    assert log.told == []
