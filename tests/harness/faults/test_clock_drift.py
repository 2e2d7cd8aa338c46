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
