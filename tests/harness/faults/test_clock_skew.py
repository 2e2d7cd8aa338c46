from harness.faults.clock_skew import ClockSkew
from tests.harness.faults.scene import CREATE, arm, fired, stage, struck_by

FAULT = ClockSkew()


def test_the_wall_clock_jumps_and_the_monotonic_clock_does_not() -> None:
    with stage() as example:
        clock = example.world.process("website").clock
        wall = clock.now()
        arm(example, FAULT, values={"component": "website", "seconds": 60.0, "direction": "back"})
        example.act(CREATE)
        assert fired(example) == ["clock_skew"]
        assert clock.monotonic_s() == example.world.network.now_s
        assert (clock.now() - wall).total_seconds() < 0


def test_it_strikes_between_messages_only() -> None:
    assert struck_by(FAULT) == {"moment"}
