"""A foreign process in a world in real time: what the weather does to it, with a real process and real sockets."""

from typing import Any

import pytest

from harness.errors import AdapterError
from harness.foreign import world as foreign_world
from tests.harness.foreign.copiers import (
    COPIED,
    CREATE,
    DELETE,
    at_event,
    at_reply,
    at_request,
    copier,
    copies,
    run,
    trial,
    world_of,
)

pytestmark = pytest.mark.slow


def fates(example: Any, kind: str) -> list[Any]:
    return [event for event in example.world.trace.events if event.kind == kind and event.component == "copier"]


def test_a_process_finds_the_server_by_its_kubeconfig_and_does_its_work() -> None:
    example = run(trial())

    assert example.rested
    assert not example.violations
    assert copies(example) == ["hello"]


def test_what_the_process_started_is_gone_when_the_world_is_closed() -> None:
    example = run(trial("starts-a-child"))

    (process,) = world_of(example).foreign()
    assert process.running is not None
    assert process.running.ended() is not None
    assert process.running.members() == []


def test_a_crash_is_a_kill_and_a_new_process() -> None:
    example = run(trial(), weather=[at_reply("crash", restart_after_s=0.1)])

    (process,) = world_of(example).foreign()
    assert fates(example, "crash")[0].data["incarnation"] == 0
    assert process.incarnation >= 1
    assert copies(example) == ["hello"]
    assert not example.violations


def test_a_paused_process_stands_still_and_goes_on() -> None:
    example = run(trial(), weather=[at_event("pause", seconds=0.5)])

    (paused,), (resumed,) = fates(example, "pause"), fates(example, "resume")
    created, *_again = [e for e in example.world.trace.events if e.kind == "request" and e.component == "copier"
                  and e.data["method"] == "create"]  # fmt: skip
    assert paused.time_s < resumed.time_s
    assert created.time_s >= resumed.time_s
    assert not example.violations


@pytest.mark.parametrize(
    "strike",
    [
        at_request("refused"),
        at_request("throttled"),
        at_request("not_ready"),
        at_request("server_error", error="internal"),
        at_reply("reply_lost", error="connection_lost"),
        at_request("late_commit", sender="gives_up", error="connection_lost", seconds=0.1),
        at_request("partition", servers="all", seconds=0.3),
        at_request("stale_read", seconds=0.3),
        at_event("watch_lag", seconds=0.3),
        at_event("watch_cut"),
        at_event("watch_gap", seconds=0.3),
        at_event("stale_cache", seconds=0.3),
        at_event("time_travel", server=1, crash_after_s=0.1, restart_after_s=0.1, behind_s=0.2),
    ],
    ids=lambda strike: str(strike["do"]),
)
def test_each_kind_of_weather_strikes_and_a_sound_process_gets_over_it(strike: dict[str, Any]) -> None:
    example = run(trial(), CREATE, COPIED, weather=[strike])

    assert strike["do"] in example.world.weather.fired_counts
    assert copies(example) == ["hello"]
    assert [found.judgement.reason for found in example.violations] == []


def test_a_lost_reply_breaks_the_connection_after_the_commit() -> None:
    example = run(trial(), weather=[at_reply("reply_lost", error="connection_lost")])

    codes = [event.data["code"] for event in fates(example, "reply") if event.data["verb"] == "create"]
    assert codes[:2] == [0, 409], "committed, not answered, and so tried again in vain"


def test_who_restarts_at_an_older_replica_sees_the_past_however_long_it_takes_to_start() -> None:
    travel = at_event("time_travel", server=1, crash_after_s=0.1, restart_after_s=0.1, behind_s=0.1)

    example = run(trial("starts-slowly", "lists-any-version"), CREATE, DELETE, weather=[travel])

    _, second, *_ = fates(example, "note")
    assert second.data["output"][0] == "listed 1", "the Note, though users had deleted it long before"
    assert copies(example) == []


def test_a_built_in_component_travels_too() -> None:
    travel = at_event("time_travel", server=1, crash_after_s=0.1, restart_after_s=0.1, behind_s=0.1)

    example = run(trial(), weather=[{**travel, "component": "garbage-collector"}])

    restarts = [event.component for event in example.world.trace.events if event.kind == "restart"]
    assert restarts == ["garbage-collector"]
    assert not example.violations


def test_two_instances_are_two_processes() -> None:
    example = run(trial(process=copier(instances=2)))

    names = [process.name for process in world_of(example).foreign()]
    assert names == ["copier", "copier-1"]
    assert {e.component for e in example.world.trace.events if e.kind == "request"} >= set(names)
    assert copies(example) == ["hello"]


def test_who_dies_in_fair_weather_has_crashed() -> None:
    example = run(trial("dies-of-work"))

    (found,) = example.violations
    assert found.name == "no_panic"
    assert "exited with code 3" in found.judgement.reason
    assert "copied front" in found.judgement.reason


def test_children_left_behind_are_told_of_and_killed() -> None:
    example = run(trial("dies-of-work", "starts-a-child"))

    assert any("left processes behind" in warning for warning in example.world.warnings)


def test_what_the_process_printed_is_in_the_trace() -> None:
    example = run(trial())

    note = next(event for event in fates(example, "note") if "copied front" in event.data["output"])
    commit = next(event for event in example.world.trace.events if event.kind == "commit" and event.peer == "copier")
    said_s = note.data["printed_s"][note.data["output"].index("copied front")]
    assert commit.time_s <= said_s <= note.time_s


def test_a_process_that_ends_before_it_watches_could_not_be_started() -> None:
    with pytest.raises(AdapterError, match="exited with code 1, its last words: cannot go on"):
        run(trial("dies-at-once"))


def test_a_process_that_never_connects_is_told_from_one_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_world, "READY_WITHIN_S", 0.5)

    with pytest.raises(AdapterError, match="has opened no watch within"):
        run(trial("never-watches"))


def test_a_process_without_watches_may_say_when_it_is_ready() -> None:
    example = run(trial(process=copier("never-watches", ready_after_s=0.1)))

    assert example.rested
    assert copies(example) == []


def test_a_deletion_that_nobody_hears_of_is_found_in_who_forgets_owners() -> None:
    unheard = {**at_event("crash", restart_after_s=0.3), "event": {"type": "DELETED", "kind": "Note", "nth": 1}}

    wrong = run(trial("forgets-owners", properties=["no_orphan_or_leak"]), CREATE, DELETE, weather=[unheard])
    right = run(trial(), CREATE, DELETE, weather=[unheard])

    assert copies(wrong) == ["hello"]
    assert copies(right) == []
    assert not right.violations
