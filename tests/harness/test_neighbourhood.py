"""What is near a recorded schedule: drawn from a seed, of its kinds only, and also where its message is no longer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from harness import registry
from harness.neighbourhood import Neighbourhood, Strike
from harness.overrides import OVERRIDES
from harness.schedule import Schedule
from harness.session import Session
from tests.harness import trials

pytestmark = pytest.mark.slow

CREATE: dict[str, Any] = {"do": "create", "object": trials.SITE}
SLEEP: dict[str, Any] = {"do": "sleep", "seconds": 3.0}
LOST: dict[str, Any] = {
    "do": "reply_lost",
    "at": "after_commit",
    "component": "forgetful",
    "request": {
        "verb": "create", "kind": "ConfigMap", "name": "child 0 of Website front", "namespace": "default", "nth": 1,
    },
    "error": "timeout",
}  # fmt: skip
PAUSE: dict[str, Any] = {"do": "pause", "at": "step", "step": 1, "component": "forgetful", "seconds": 8.0}


def schedule_of(*weather: dict[str, Any], salt: int = 0) -> Schedule:
    trial = trials.trial(trials.forgetful)
    return Schedule(
        trial=trial.describe(),
        salt=salt,
        workload=[CREATE, SLEEP],
        weather=list(weather),
        expect={"property": "converges"},
    )


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(trials.trial(trials.forgetful))


@pytest.fixture
def another_seed() -> Iterator[None]:
    OVERRIDES.seed = 7
    yield
    OVERRIDES.seed = None


def _fault(name: str) -> Any:
    return next(fault for fault in registry.faults() if fault.name == name)


def test_number_0_is_the_recorded_schedule_itself(session: Session) -> None:
    recorded = schedule_of(LOST, PAUSE, salt=5)
    first = Neighbourhood(session, recorded).neighbour(0)
    assert (first.workload, first.weather, first.strikes, first.salt) == (recorded.workload, [LOST, PAUSE], [], 5)


def test_the_same_number_is_the_same_example_in_another_session(session: Session) -> None:
    recorded = schedule_of(LOST, PAUSE)
    one, other = Neighbourhood(session, recorded), Neighbourhood(Session(trials.trial(trials.forgetful)), recorded)
    assert [one.neighbour(n) for n in range(30)] == [other.neighbour(n) for n in range(30)]
    traces = [[each.run(number).world.trace.sha256() for number in range(5)] for each in (one, other)]
    assert traces[0] == traces[1]


def test_the_same_number_is_the_same_example_under_another_hash_seed() -> None:
    ask = (
        "import hashlib, tests.harness.test_neighbourhood as t; from harness.session import Session\n"
        "near = t.Neighbourhood(Session(t.trials.trial(t.trials.forgetful)), t.schedule_of(t.LOST, t.PAUSE))\n"
        "print(hashlib.sha256(repr([near.neighbour(n) for n in range(30)]).encode()).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", ask], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "77")
    }
    assert len(answers) == 1


@pytest.mark.usefixtures("another_seed")
def test_another_seed_on_the_command_line_is_another_neighbourhood(session: Session) -> None:
    recorded = schedule_of(LOST)
    drawn = Neighbourhood(session, recorded)
    OVERRIDES.seed = None
    own = Neighbourhood(session, recorded)
    assert [own.neighbour(n) for n in range(9)] != [drawn.neighbour(n) for n in range(9)]


def test_only_kinds_of_the_recorded_weather_strike_and_lateness(session: Session) -> None:
    near = Neighbourhood(session, schedule_of(LOST))
    fired = {name for number in range(30) for name in near.run(number).world.weather.fired_counts}
    assert fired == {"reply_lost", "latency"}


def test_the_weather_moves_to_siblings_of_its_message(session: Session) -> None:
    near = Neighbourhood(session, schedule_of(LOST))
    struck = {
        (action["request"]["verb"], action["request"]["kind"])
        for number in range(30)
        for action in near.run(number).weather
    }
    assert {("create", "ConfigMap"), ("patch", "Website")} <= struck


def test_a_message_that_the_code_does_not_send_has_its_successors_struck(session: Session) -> None:
    renamed = {**LOST, "request": {**LOST["request"], "kind": "Secret", "name": "front"}}
    near = Neighbourhood(session, schedule_of(renamed))
    assert not near.run(0).weather
    struck = [near.run(number).weather for number in range(1, 30)]
    assert sum(bool(weather) for weather in struck) > 10


def test_the_nearest_siblings_are_the_likeliest(session: Session) -> None:
    near = Neighbourhood(session, schedule_of(LOST))
    moved = [strike for number in range(1, 200) for strike in near.neighbour(number).strikes]
    creates = sum(strike.anchor["request"].get("verb") == "create" for strike in moved)
    patches = sum(strike.anchor["request"].get("verb") == "patch" for strike in moved)
    assert creates > 2 * patches > 0


@pytest.mark.parametrize("recorded_s", [8.0, 0.0, 500.0])
def test_a_duration_stays_within_what_the_fault_allows_or_was_recorded(recorded_s: float) -> None:
    drawn = []
    for number in range(200):
        strike = Strike(anchor=PAUSE, values={"component": "forgetful", "seconds": recorded_s}, seed=str(number))
        drawn.append(strike.armed(_fault("pause")).drawing.seconds("seconds", 1.0, 60.0))
    assert min(drawn) >= 1.0
    assert max(drawn) <= max(60.0, recorded_s)
    assert len(set(drawn)) > 20


def test_a_choice_is_mostly_the_recorded_one_and_never_one_that_is_not_offered() -> None:
    drawn = [
        Strike(anchor=PAUSE, values={"component": component}, seed=str(number))
        .armed(_fault("pause"))
        .drawing.choice("component", ["a", "b", "c"])
        for number in range(100)
        for component in ("b", "gone")
    ]
    assert set(drawn) == {"a", "b", "c"}
    assert drawn[::2].count("b") > 60


def test_users_do_the_same_sooner_or_later(session: Session) -> None:
    near = Neighbourhood(session, schedule_of(LOST))
    workloads = [near.neighbour(number).workload for number in range(40)]
    assert {tuple(action["do"] for action in workload) for workload in workloads} == {("create", "sleep")}
    assert all(workload[1] == SLEEP for workload in workloads)
    assert any("in_flight" in workload[0] for workload in workloads)
    assert any("settle" in workload[0] for workload in workloads)


def test_a_trial_without_lateness_has_none_in_its_neighbourhood() -> None:
    calm = Session(trials.trial(trials.forgetful, no_faults=("latency",)))
    near = Neighbourhood(calm, schedule_of(LOST))
    assert {near.neighbour(number).salt for number in range(20)} == {0}
