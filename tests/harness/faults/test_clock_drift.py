from harness.faults.clock_drift import ClockDrift
from tests.harness.faults.scene import CREATE, arm, fired, stage, struck_by

FAULT = ClockDrift()


def test_the_clock_runs_fast_until_the_storm_ends() -> None:
    with stage() as example:
        clock = example.world.process("website").clock
        arm(example, FAULT, values={"component": "website", "rate": 1.1})
        example.act(CREATE)
        assert fired(example) == ["clock_drift"]
        assert clock.monotonic_s() > example.world.network.now_s
        example.world.heal()
        assert clock.rate == 1.0


def test_a_clock_that_drifts_like_this_already_is_left_alone() -> None:
    with stage() as example:
        for _ in range(2):
            arm(example, FAULT, values={"component": "website", "rate": 1.1})
        example.act(CREATE)
        assert fired(example) == ["clock_drift"]


def test_it_strikes_between_messages_only() -> None:
    assert struck_by(FAULT) == {"moment"}


def test_a_timer_that_was_set_before_goes_with_its_clock() -> None:
    with stage() as example:
        world = example.world
        clock = world.process("website").clock
        told: list[float] = []
        clock.call_later(20.0, lambda: told.append(clock.monotonic_s()))
        begun_s, local_s = world.network.now_s, clock.monotonic_s()
        world.run(begun_s + 4.0)
        clock.drift(2.0)
        world.run(begun_s + 13.0)
        assert told == [local_s + 20.0]
        assert world.network.now_s == begun_s + 13.0
