"""What holds of every kind of bad weather, whoever adds one."""

import random
from pathlib import Path

import pytest

import harness.faults
from harness.contract import Fault, Moment
from harness.faults import FAULTS
from harness.weather import Drawing
from tests.harness.faults.scene import CREATE, EVERYTHING, PATCH, Plane, arm, arm_again, finish, size, stage

FOLDER = Path(harness.faults.__file__).parent
KINDS = [pytest.param(fault, id=fault.name) for fault in FAULTS]


def test_every_module_is_registered_under_its_own_name() -> None:
    modules = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
    assert sorted(fault.name for fault in FAULTS) == modules, "add the line to FAULTS in harness/faults/__init__.py"


def test_every_kind_has_a_test() -> None:
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert [fault.name for fault in FAULTS if fault.name not in tested] == []


def test_what_is_not_legal_obliges_nobody() -> None:
    assert [fault.name for fault in FAULTS if fault.obliged and not fault.legal] == []


@pytest.mark.parametrize("fault", KINDS)
def test_it_says_who_says_so(fault: Fault) -> None:
    assert fault.source
    assert fault.name == type(fault).__module__.rpartition(".")[2]


@pytest.mark.parametrize("fault", KINDS)
def test_samples_of_a_closed_world_are_answered(fault: Fault) -> None:
    for sample in EVERYTHING.values():
        if fault.applies(sample):
            assert fault.strike(sample, Drawing({}, random.Random(0))).kind


@pytest.mark.parametrize("fault", KINDS)
def test_an_empty_plane_is_left_alone(fault: Fault) -> None:
    """Except for what needs no component: compaction, and the death of a server."""
    moment = Moment(step=0, time_s=0.0, plane=Plane())
    if fault.applies(moment) and fault.name not in ("compaction", "apiserver_crash"):
        assert fault.strike(moment, Drawing({}, random.Random(0))).kind == "passed"


@pytest.mark.parametrize("fault", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_of_what_fired_fires_the_same(fault: Fault, seed: int) -> None:
    """Whatever was struck and drawn; and a legal kind leaves a sound controller sound."""
    weather, end = [], None
    for phase in ("request", "reply", "event", "external_request", "external_reply", "step"):
        with stage() as example:
            arm(example, fault, phase, seed=seed, component=None if phase == "step" else "website")
            for action in (CREATE, PATCH):
                example.act(action)
            weather = list(example.weather)
            if fault.legal and not getattr(fault, "opt_in", False):
                assert finish(example)
                assert size(example) == "3"
            end = example.world.trace.sha256()
        if weather:
            with stage() as example:
                arm_again(example, fault, weather[0])
                for action in (CREATE, PATCH):
                    example.act(action)
                assert example.weather == weather
                if fault.legal and not getattr(fault, "opt_in", False):
                    finish(example)
                assert example.world.trace.sha256() == end
