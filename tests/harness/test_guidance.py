"""A campaign aims at what was struck least, and what it does follows from numbers alone."""

from typing import Any

import pytest

from harness.decider import Decider, schedule_of
from harness.guidance import Guide, _place_of_aim, place_of
from harness.session import Session
from tests.harness import trials

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(trials.trial(trials.steady, faults=("crash", "reply_lost", "watch_gap"), workload=[]))


def test_each_example_of_a_round_aims_at_another_place_until_all_have_been_aimed_at(session: Session) -> None:
    guide = Guide(session)
    aims = guide.aims(range(guide.places))
    assert len(dict.fromkeys(aims)) == guide.places == guide.never_struck
    assert guide.aims(range(2 * guide.places))[guide.places :] == aims


def test_what_was_struck_comes_last(session: Session) -> None:
    guide = Guide(session)
    example = Decider(session).run(0, guide.aims(range(1))[0])
    struck = [place_of(action) for action in example.weather]
    guide.learn(struck)
    known = guide.places - guide.never_struck
    assert 0 < known <= len(struck)
    order = [_place_of_aim(*aim) for aim in guide.aims(range(guide.places)) if aim is not None]
    assert sorted(order[-known:]) == sorted(place for place in dict.fromkeys(struck) if place in order)


def test_another_place_than_any_of_fair_weather_teaches_nothing(session: Session) -> None:
    guide = Guide(session)
    guide.learn(["crash after_commit website delete Unicorn"])
    assert guide.never_struck == guide.places


def test_an_example_is_a_function_of_its_number_and_its_aim(session: Session) -> None:
    aims = Guide(session).aims(range(4))
    first, again = Decider(session), Decider(session)

    def schedules(decider: Decider, numbers: Any) -> list[Any]:
        return [schedule_of(decider.run(number, aims[number])) for number in numbers]

    forwards = schedules(first, range(4))
    assert schedules(again, reversed(range(4))) == forwards[::-1]
    assert [schedule_of(again.run(number)) for number in range(4)] != forwards


def test_each_example_is_counted_once_whether_it_fails_or_not() -> None:
    session = Session(trials.trial(trials.forgetful, faults=("reply_lost",), workload=[]))
    decider = Decider(session)
    examples = [decider.run(number) for number in range(10)]
    failed = [example for example in examples if example.violations]
    assert len(failed) > 0
    assert session.tally.examples == len(examples)
    assert session.findings == []
