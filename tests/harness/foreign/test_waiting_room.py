"""Processes that wait for the next example: the same process, a clean cluster, and no risk for what is reported."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from harness.example import Example, run_schedule
from harness.foreign.waiting_room import WaitingRoom
from harness.plan import Plan, make_plan
from harness.trial import Trial
from tests.harness.foreign.copiers import CREATE, DELETE, at_reply, copier, copies, trial, world_of

pytestmark = pytest.mark.slow


@pytest.fixture
def room() -> Iterator[WaitingRoom]:
    """One in which it is always worth waiting: this program starts sooner than it could find its way back."""
    room = WaitingRoom()
    room.note(60.0, started=True)
    room.note = lambda *_, **__: None  # type: ignore[method-assign]
    room._start_s = 60.0
    yield room
    room.close()


def plan_of(on: Trial, room: WaitingRoom) -> Plan:
    return replace(make_plan(on, ("garbage-collector", "namespace")), room=room)


@dataclass(frozen=True)
class Played:
    example: Example
    first: int
    """Number of the process that it began with."""
    last: int
    """Of the one that it ended with. (In fair weather it is restarted, to see that this changes nothing.)"""


def play(plan: Plan, *workload: dict[str, Any], **options: Any) -> Played:
    def pid(example: Example) -> int:
        (process,) = world_of(example).foreign()
        assert process.running is not None
        return process.running.pid

    first: list[int] = []
    options = {"weather": [], **options}
    example = run_schedule(
        plan, workload or (CREATE,), options.pop("weather"), prepare=lambda e: first.append(pid(e)), **options
    )
    return Played(example, first[0], pid(example))


def creates(example: Example) -> list[int]:
    """What its creates were answered with."""
    replies = [event for event in example.world.trace.events if event.kind == "reply" and event.component == "copier"]
    return [event.data["code"] for event in replies if event.data["verb"] == "create"][:1]


def test_the_next_example_has_the_same_process_and_begins_with_nothing(room: WaitingRoom) -> None:
    plan = plan_of(trial(), room)
    first = play(plan)
    second = play(plan, CREATE, DELETE)
    third = play(plan)

    assert (first.last, second.last) == (second.first, third.first)
    assert copies(third.example) == [], "users have taken back what they made"
    assert creates(third.example) == [200], "nothing of what was made before was there"
    assert not third.example.violations


def test_one_that_was_killed_leaves_its_successor_waiting(room: WaitingRoom) -> None:
    plan = plan_of(trial(), room)
    struck = play(plan, weather=[at_reply("crash", restart_after_s=0.1)])
    next_one = play(plan)

    assert not struck.example.violations
    assert struck.first != struck.last
    assert next_one.first == struck.last


def test_what_was_violated_is_not_passed_on(room: WaitingRoom) -> None:
    plan = plan_of(trial("dies-of-work"), room)
    assert play(plan).example.violations
    assert room.take() is None


def test_what_is_kept_for_a_report_has_seen_nothing_else(room: WaitingRoom) -> None:
    plan = plan_of(trial(), room)
    first = play(plan)
    second = play(plan, kept=True)

    assert second.first != first.last
    guests = room.take()
    assert guests is not None
    guests.dismiss()


def test_the_trace_ends_where_the_example_does(room: WaitingRoom) -> None:
    example = play(plan_of(trial(), room)).example

    verbs = [event.data.get("method") for event in example.world.trace.events if event.component == "user"]
    assert "delete" not in verbs
    assert not example.violations


def test_who_takes_longer_to_come_back_than_to_start_is_not_kept() -> None:
    room = WaitingRoom()
    room.note(1.0, started=True)
    assert room.is_worth_it
    room.note(0.9, started=False)
    assert not room.is_worth_it


def test_who_has_died_meanwhile_is_not_given_to_anybody(room: WaitingRoom) -> None:
    plan = plan_of(trial(process=copier()), room)
    play(plan)
    guests = room.take()
    assert guests is not None
    for guest in guests.by_name.values():
        guest.running.kill()
    room.put(guests)

    assert room.take() is None
