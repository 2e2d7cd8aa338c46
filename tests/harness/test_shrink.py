"""The shrinker: fewest actions, simplest values, and never another bug."""

from typing import Any

import pytest

from harness.session import Finding, Session
from harness.shrink import Shrinker, shrink_all
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
