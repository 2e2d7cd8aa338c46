"""The shrinker: fewest actions, simplest values, and never another bug."""

from typing import Any

import pytest

from harness.detection import entry_trial
from harness.session import Finding, Session
from harness.shrink import Shrinker, shrink_all
from reference_impl.zoo import ZOO
from tests.harness import trials

CREATE: dict[str, Any] = {"do": "create", "object": trials.SITE}
LOST: dict[str, Any] = {
    "do": "reply_lost",
    "at": "after_commit",
    "component": "forgetful",
    "request": {
        "verb": "create", "kind": "ConfigMap", "name": "child 0 of Website front", "namespace": "default", "nth": 1,
    },
    "error": "timeout",
}  # fmt: skip
NOISE: list[dict[str, Any]] = [
    {"do": "pause", "at": "step", "step": 1, "component": "forgetful", "seconds": 7.3},
    {"do": "crash", "at": "after_commit", "component": "forgetful", "restart_after_s": 17.3,
     "request": {"verb": "patch", "kind": "Website", "name": "front", "namespace": "default", "nth": 1}},
]  # fmt: skip
SLEEP: dict[str, Any] = {"do": "sleep", "seconds": 3.0}


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(trials.trial(trials.forgetful))


def _finding(session: Session, workload: list[Any], weather: list[Any]) -> Finding:
    example = session.run(workload, weather)
    assert example.violations, "the schedule does not fail"
    return Finding(workload=workload, weather=weather, found=list(example.violations))


@pytest.mark.slow
def test_only_what_matters_is_left(session: Session) -> None:
    finding = _finding(session, [SLEEP, {**CREATE, "in_flight": 9}, SLEEP, SLEEP], [*NOISE, LOST])
    shrunk = shrink_all(session, finding)[0]
    assert shrunk.workload == [CREATE]
    assert [action["do"] for action in shrunk.weather] == ["reply_lost"]


@pytest.mark.slow
def test_values_become_simple(session: Session) -> None:
    crash = {
        **LOST, "do": "crash", "restart_after_s": 17.31,
    }  # fmt: skip
    crash.pop("error")
    shrunk = shrink_all(session, _finding(session, [CREATE], [crash]))[0]
    assert shrunk.weather[0]["restart_after_s"] in (0.0, 1.0)


@pytest.mark.slow
def test_another_bug_is_not_taken_for_a_smaller_form_of_this_one(session: Session) -> None:
    finding = _finding(session, [CREATE], [LOST])
    other = Shrinker(session, finding, finding.found[0])
    other.target = type(finding.found[0])(
        property=finding.found[0].property, judgement=finding.found[0].judgement, step=0, key="another/writer"
    )
    shrunk = other.shrink()
    assert (shrunk.workload, shrunk.weather) == ([CREATE], [LOST])


class Timed(Shrinker):
    """Fails if users leave it so many seconds in all, or with late messages half as many."""

    def __init__(self, seconds: float, workload: list[Any], weather: list[Any]) -> None:
        finding = Finding(workload=workload, weather=weather, found=[])
        super().__init__(None, finding, None)  # type: ignore[arg-type]
        self._seconds = seconds

    def _fails(self, items: Any) -> bool:
        slept = sum(item.action.get("seconds", 0.0) for item in items if item.is_workload)
        late = sum(item.action["do"] == "latency" for item in items)
        return bool(slept >= self._seconds / (2 if late >= 2 else 1))

    def _substitute(self, items: list[Any]) -> list[Any]:
        return items

    def _as_struck(self, items: list[Any]) -> list[Any]:
        return items


def _late(nth: int) -> dict[str, Any]:
    request = {"verb": "get", "kind": "ConfigMap", "name": "front", "namespace": "default", "nth": nth}
    return {"do": "latency", "at": "request", "component": "forgetful", "request": request, "seconds": 8.0}


def test_sleeps_that_follow_each_other_become_one_also_around_weather() -> None:
    shrunk = Timed(6.0, [SLEEP, SLEEP, CREATE, SLEEP], [{**NOISE[0], "step": 1}]).shrink()
    assert shrunk.workload == [{"do": "sleep", "seconds": 6.0}]
    assert shrunk.weather == []


def test_a_longer_sleep_takes_the_place_of_late_messages() -> None:
    shrunk = Timed(12.0, [CREATE, SLEEP, SLEEP], [_late(1), _late(2), _late(3)]).shrink()
    assert shrunk.workload == [{"do": "sleep", "seconds": 12.0}]
    assert shrunk.weather == []


@pytest.mark.slow
def test_the_weather_is_told_as_it_struck() -> None:
    entry = next(entry for entry in ZOO if entry.id == "unwatched-child")
    session = Session(entry_trial(entry, "wrong"))
    site = {"apiVersion": "zoo.seatrial.dev/v1", "kind": "Site", "metadata": {"name": "back", "namespace": "default"}}
    create = {"do": "create", "object": {**site, "spec": {"root": "/srv/back"}}}
    elsewhere = {"do": "owned_deleted", "at": "step", "step": 1, "child": "ConfigMap/default/front"}
    shrunk = shrink_all(session, _finding(session, [create], [elsewhere]))[0]
    assert shrunk.weather == [{**elsewhere, "child": "ConfigMap/default/back"}]
