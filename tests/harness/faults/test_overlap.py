from harness.faults.overlap import Overlap
from tests.harness.faults.scene import (
    CREATE,
    PATCH,
    Plane,
    arm,
    elected,
    finish,
    fired,
    size,
    stage,
    struck_by,
)

FAULT = Overlap()


def test_two_copies_run_and_then_the_older_one_goes() -> None:
    with stage(elected) as example:
        arm(example, FAULT, values={"component": "elected", "seconds": 30.0})
        example.act(CREATE)
        world = example.world
        assert fired(example) == ["overlap"]
        assert [process.name for process in world.processes if process.alive] == ["elected", "elected-next"]
        assert size(example) == "2"
        example.pass_time(30.0)
        assert [process.name for process in world.processes if process.alive] == ["elected-next"]
        example.act(PATCH)
        assert finish(example)
        assert size(example) == "3"


def test_a_new_copy_that_is_down_is_rolled_back() -> None:
    with stage(elected) as example:
        arm(example, FAULT, values={"component": "elected", "seconds": 5.0})
        example.act(CREATE)
        world = example.world
        world.crash(world.process("elected-next"), 10.0)
        example.pass_time(30.0)
        assert [process.name for process in world.processes if process.alive] == ["elected"]


def test_only_who_elects_or_says_so_runs_twice() -> None:
    assert struck_by(FAULT, moment=Plane("website")) == set()
    plane = Plane("website")
    plane.overlapping = ("website",)
    assert struck_by(FAULT, moment=plane) == {"moment"}
    with stage() as example:
        arm(example, FAULT)
        example.act(CREATE)
        assert fired(example) == []
