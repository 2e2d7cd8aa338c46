import random

from harness.faults.time_travel import TimeTravel
from harness.weather import Drawing
from tests.harness.faults.scene import (
    CREATE,
    PATCH,
    Plane,
    arm,
    cached_size,
    finish,
    fired,
    message,
    stage,
    struck_by,
)

FAULT = TimeTravel()


TRIP = {"crash_after_s": 1.5, "restart_after_s": 0.5, "behind_s": 10.0, "server": 1}


def test_a_component_wakes_up_in_a_past_it_had_left() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "event", component="website", kind="Website", values=TRIP)
        example.act(PATCH)
        example.act({**PATCH, "body": {"spec": {"size": 4}}, "in_flight": 20})
        assert fired(example) == ["time_travel"]
        assert cached_size(example) == 4
        example.pass_time(3.0)
        assert example.world.process("website").incarnation == 1
        assert cached_size(example) == 3


def test_it_comes_back_to_the_present() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "event", component="website", kind="Website", values=TRIP)
        example.act(PATCH)
        example.pass_time(3.0)
        assert finish(example)
        assert cached_size(example) == 3


def test_one_server_has_no_past_to_travel_to() -> None:
    assert struck_by(FAULT) == {"command", "update", "event"}
    alone = message("event", "MODIFIED", plane=Plane("website"))
    assert FAULT.strike(alone, Drawing({}, random.Random(0))).kind == "passed"
